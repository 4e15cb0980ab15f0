// SPDX-License-Identifier: MIT
// A peer of tools/bench: DuckDB counts the failed records below the directory that it is given.
import { DuckDBInstance } from '@duckdb/node-api';

const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();
const glob = `${process.argv[2]}/**/*.ktstr.json`.replaceAll("'", "''");
const reader = await connection.runAndReadAll(
  `select count(*) from read_json('${glob}', columns = {passed: 'BOOLEAN'},
     maximum_object_size = 268435456) where passed = false`);
console.log(String(reader.getRows()[0][0]));
