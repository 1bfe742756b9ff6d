/* A disk that stands still, fails or is full, for one program and one folder: preloaded before the system's library. What it
   does is in the file AIRDESK_DISK_FAULT, looked at before every operation: a word, a space, and the start of the paths that
   it is done to. Every operation below AIRDESK_DISK_JOURNAL_OF is written into the file AIRDESK_DISK_JOURNAL, so that the disk
   can be put together as a power cut would have left it. Nothing here allocates. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))real(#name, &real_##name))
#define KNOWN(name) static void *real_##name

static void *real(const char *name, void **known) {
  if (!*known) *known = dlsym(RTLD_NEXT, name);
  return *known;
}

/* What to do to `path`: 0 nothing, else an error number. Waits while the disk stands still. */
static int fault(const char *path, int writes_bytes) {
  const char *control = getenv("AIRDESK_DISK_FAULT");
  if (!control || !path) return 0;
  for (;;) {
    char rule[PATH_MAX + 32];
    int fd = (int)syscall(SYS_openat, AT_FDCWD, control, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    long length = syscall(SYS_read, fd, rule, sizeof rule - 1);
    syscall(SYS_close, fd);
    if (length <= 0) return 0;
    rule[length] = 0;
    char *below = strchr(rule, ' ');
    if (!below) return 0;
    *below++ = 0;
    if (strncmp(path, below, strlen(below)) != 0) return 0;
    if (strcmp(rule, "eio") == 0) return EIO;
    if (strcmp(rule, "full") == 0) return ENOSPC;
    if (strcmp(rule, "read-only") == 0) return EROFS;
    if (strcmp(rule, "eio-once") == 0)
      /* Whoever takes the rule away has the error. */
      return writes_bytes && syscall(SYS_unlinkat, AT_FDCWD, control, 0) == 0 ? EIO : 0;
    if (strcmp(rule, "stall") != 0) return 0;
    struct timespec moment = {0, 10 * 1000 * 1000};
    syscall(SYS_nanosleep, &moment, NULL);
  }
}

static const char *path_of(int fd, char *room) {
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  long length = syscall(SYS_readlinkat, AT_FDCWD, link, room, PATH_MAX - 1);
  if (length <= 0 || room[0] != '/') return NULL;
  room[length] = 0;
  return room;
}

/* One operation, whole: a head and what belongs to it. */
struct head {
  char what;
  uint8_t pad[7];
  uint64_t inode, offset, bytes, nanos;
};
static pthread_mutex_t journal_lock = PTHREAD_MUTEX_INITIALIZER;
static int journal_fd = -1;

static int journals(const char *path) {
  const char *below = getenv("AIRDESK_DISK_JOURNAL_OF");
  return below && path && strncmp(path, below, strlen(below)) == 0;
}

static uint64_t inode_of(int fd) {
  struct stat found;
  return fstat(fd, &found) == 0 ? found.st_ino : 0;
}

static void note(char what, uint64_t inode, uint64_t offset, const void *more, uint64_t bytes) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  struct head head = {what, {0}, inode, offset, bytes, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec};
  struct iovec parts[2] = {{&head, sizeof head}, {(void *)more, bytes}};
  if (journal_fd < 0)
    journal_fd = (int)syscall(SYS_openat, AT_FDCWD, getenv("AIRDESK_DISK_JOURNAL"),
                              O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  syscall(SYS_writev, journal_fd, parts, 2);
}

#define REFUSE(path, bytes)                \
  int error = fault(path, bytes);          \
  if (error) {                             \
    errno = error;                         \
    return -1;                             \
  }

/* The operation and its note together: the order of the notes is that of the disk. */
#define JOURNALED(path, act, ...)                  \
  if (!journals(path)) return act;                 \
  pthread_mutex_lock(&journal_lock);               \
  __typeof__(act) done = act;                      \
  int kept = errno;                                \
  if (done >= 0) { __VA_ARGS__; }                  \
  pthread_mutex_unlock(&journal_lock);             \
  errno = kept;                                    \
  return done

KNOWN(write);
ssize_t write(int fd, const void *bytes, size_t count) {
  char room[PATH_MAX];
  const char *path = path_of(fd, room);
  REFUSE(path, 1)
  JOURNALED(path, REAL(write)(fd, bytes, count),
            note('w', inode_of(fd), (uint64_t)(lseek(fd, 0, SEEK_CUR) - done), bytes, (uint64_t)done));
}

KNOWN(pwrite64);
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
  char room[PATH_MAX];
  const char *path = path_of(fd, room);
  REFUSE(path, 1)
  JOURNALED(path, REAL(pwrite64)(fd, bytes, count, offset),
            note('w', inode_of(fd), (uint64_t)offset, bytes, (uint64_t)done));
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return pwrite64(fd, bytes, count, offset); }

KNOWN(ftruncate64);
int ftruncate64(int fd, off64_t length) {
  char room[PATH_MAX];
  const char *path = path_of(fd, room);
  REFUSE(path, 0)
  JOURNALED(path, REAL(ftruncate64)(fd, length), note('t', inode_of(fd), (uint64_t)length, "", 0));
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

KNOWN(fsync);
int fsync(int fd) {
  char room[PATH_MAX];
  const char *path = path_of(fd, room);
  REFUSE(path, 0)
  JOURNALED(path, REAL(fsync)(fd), note('s', inode_of(fd), 0, path, strlen(path)));
}

KNOWN(fdatasync);
int fdatasync(int fd) {
  char room[PATH_MAX];
  const char *path = path_of(fd, room);
  REFUSE(path, 0)
  JOURNALED(path, REAL(fdatasync)(fd), note('s', inode_of(fd), 0, path, strlen(path)));
}

KNOWN(open64);
static int opened(const char *path, int flags, mode_t mode) {
  if (!(flags & O_CREAT)) return REAL(open64)(path, flags, mode);
  REFUSE(path, 0)
  JOURNALED(path, REAL(open64)(path, flags, mode), {
    note('c', inode_of(done), 0, path, strlen(path));
    if (flags & O_TRUNC) note('t', inode_of(done), 0, "", 0);
  });
}
int open64(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
  va_end(more);
  return opened(path, flags, mode);
}
int open(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
  va_end(more);
  return opened(path, flags, mode);
}

/* Both names, with a line's end between them. */
static void note_both(const char *from, const char *to) {
  char both[2 * PATH_MAX];
  int length = snprintf(both, sizeof both, "%s\n%s", from, to);
  note('r', 0, 0, both, (uint64_t)length);
}

KNOWN(rename);
int rename(const char *from, const char *to) {
  REFUSE(to, 0)
  JOURNALED(to, REAL(rename)(from, to), note_both(from, to));
}

KNOWN(unlink);
int unlink(const char *path) {
  REFUSE(path, 0)
  JOURNALED(path, REAL(unlink)(path), note('u', 0, 0, path, strlen(path)));
}

KNOWN(mkdir);
int mkdir(const char *path, mode_t mode) {
  REFUSE(path, 0)
  return REAL(mkdir)(path, mode);
}
