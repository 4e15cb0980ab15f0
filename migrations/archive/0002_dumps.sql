-- SPDX-License-Identifier: MIT
-- What dumps take, for their cap, without a look at every sidecar's row.
CREATE INDEX document_of_dumps ON document(stored_bytes) WHERE kind <> 'sidecar';
