// SPDX-License-Identifier: MIT

// Preloaded into a program: counts its calls that change files, and lets it die, or find the disk
// full, at a chosen one.
//   KILL_AT=N     SIGKILL to itself in place of the N-th such call
//   FULL_AT=N     the N-th and each later call that needs space fails with ENOSPC
//   CALLS_TO=FILE at the end, how many such calls there were
// What is written to standard input, output and error doesn't count.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;
static long kill_at;
static long full_at;

static long number(const char* name) {
  const char* text = getenv(name);
  return text == NULL ? 0 : atol(text);
}

__attribute__((constructor)) static void begin(void) {
  kill_at = number("KILL_AT");
  full_at = number("FULL_AT");
}

__attribute__((destructor)) static void end(void) {
  const char* path = getenv("CALLS_TO");
  FILE* file = path == NULL ? NULL : fopen(path, "w");
  if (file == NULL) return;
  fprintf(file, "%ld\n", atomic_load(&calls));
  fclose(file);
}

// Whether the disk is full from now on.
static int count(void) {
  const long call = atomic_fetch_add(&calls, 1) + 1;
  if (call == kill_at) kill(getpid(), SIGKILL);
  return full_at > 0 && call >= full_at;
}

static int full(void) {
  errno = ENOSPC;
  return -1;
}

#define NEXT(name) (__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))

ssize_t write(int file, const void* bytes, size_t size) {
  if (file > STDERR_FILENO && count()) return full();
  return NEXT(write)(file, bytes, size);
}

ssize_t writev(int file, const struct iovec* parts, int many) {
  if (file > STDERR_FILENO && count()) return full();
  return NEXT(writev)(file, parts, many);
}

ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
  if (count()) return full();
  return NEXT(pwrite)(file, bytes, size, offset);
}

ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t offset) {
  if (count()) return full();
  return NEXT(pwrite64)(file, bytes, size, offset);
}

// Truncating, syncing and removing need no space.
int ftruncate(int file, off_t size) {
  count();
  return NEXT(ftruncate)(file, size);
}

int ftruncate64(int file, off64_t size) {
  count();
  return NEXT(ftruncate64)(file, size);
}

int fsync(int file) {
  count();
  return NEXT(fsync)(file);
}

int fdatasync(int file) {
  count();
  return NEXT(fdatasync)(file);
}

int unlink(const char* path) {
  count();
  return NEXT(unlink)(path);
}

int unlinkat(int directory, const char* path, int flags) {
  count();
  return NEXT(unlinkat)(directory, path, flags);
}

int rename(const char* from, const char* to) {
  count();
  return NEXT(rename)(from, to);
}

int renameat(int from_directory, const char* from, int to_directory, const char* to) {
  count();
  return NEXT(renameat)(from_directory, from, to_directory, to);
}

int mkdir(const char* path, mode_t mode) {
  if (count()) return full();
  return NEXT(mkdir)(path, mode);
}

int mkdirat(int directory, const char* path, mode_t mode) {
  if (count()) return full();
  return NEXT(mkdirat)(directory, path, mode);
}
