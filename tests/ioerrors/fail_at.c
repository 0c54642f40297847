/* Preloaded into a server, fails one of its calls below a folder: call number CAIRN_FAIL_AT of the class
 * CAIRN_FAIL_CLASS on files below CAIRN_FAIL_DIR returns the error CAIRN_FAIL_ERRNO, and with CAIRN_FAIL_ON
 * all later ones of the class as well. A failed call does nothing else. The file CAIRN_FAIL_COUNTS has two
 * numbers of 64 bits: calls of the class so far, and failed ones.
 *
 *   sync      fsync, fdatasync, sync_file_range, syncfs
 *   write     write, writev, pwrite, pwritev
 *   rename    rename, renameat, renameat2, link
 *   truncate  ftruncate, truncate, fallocate, posix_fallocate
 *   open      open, openat, creat, opendir
 *   read      read, readv, pread, preadv
 *   remove    unlink, unlinkat, rmdir
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static atomic_long *counts;
static const char *dir, *class;
static size_t dir_bytes;
static long at, error;
static int goes_on;

__attribute__((constructor)) static void begin(void)
{
    const char *file = getenv("CAIRN_FAIL_COUNTS");
    dir = getenv("CAIRN_FAIL_DIR");
    class = getenv("CAIRN_FAIL_CLASS");
    at = atol(getenv("CAIRN_FAIL_AT"));
    error = atol(getenv("CAIRN_FAIL_ERRNO"));
    goes_on = getenv("CAIRN_FAIL_ON") != NULL;
    dir_bytes = strlen(dir);
    int fd = syscall(SYS_openat, AT_FDCWD, file, O_RDWR, 0);
    void *mapped = mmap(NULL, 2 * sizeof(atomic_long), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    if (fd < 0 || mapped == MAP_FAILED)
        abort();
    counts = mapped;
}

/* Returns whether a call for this path fails. */
static int fails(const char *called, const char *path)
{
    if (!counts || strcmp(class, called) != 0 || strncmp(path, dir, dir_bytes) != 0)
        return 0;
    long number = atomic_fetch_add(&counts[0], 1) + 1;
    if (at == 0 || number < at || (number > at && !goes_on))
        return 0;
    atomic_fetch_add(&counts[1], 1);
    errno = error;
    return 1;
}

static int fails_of(const char *called, int fd)
{
    char link[64], path[PATH_MAX];
    if (!counts || strcmp(class, called) != 0)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t bytes = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    if (bytes < 0)
        return 0;
    path[bytes] = 0;
    return fails(called, path);
}

#define OF_FILE(result, name, called, parameters, arguments)                                                 \
    result name parameters                                                                                   \
    {                                                                                                        \
        if (fails_of(called, fd))                                                                            \
            return -1;                                                                                       \
        return NEXT(name) arguments;                                                                         \
    }

OF_FILE(int, fsync, "sync", (int fd), (fd))
OF_FILE(int, fdatasync, "sync", (int fd), (fd))
OF_FILE(int, syncfs, "sync", (int fd), (fd))
OF_FILE(int, sync_file_range, "sync", (int fd, off64_t from, off64_t bytes, unsigned flags), (fd, from, bytes, flags))
OF_FILE(ssize_t, write, "write", (int fd, const void *bytes, size_t count), (fd, bytes, count))
OF_FILE(ssize_t, writev, "write", (int fd, const struct iovec *parts, int count), (fd, parts, count))
OF_FILE(ssize_t, pwrite, "write", (int fd, const void *bytes, size_t count, off_t from), (fd, bytes, count, from))
OF_FILE(ssize_t, pwrite64, "write", (int fd, const void *bytes, size_t count, off64_t from), (fd, bytes, count, from))
OF_FILE(ssize_t, pwritev64, "write", (int fd, const struct iovec *parts, int count, off64_t from), (fd, parts, count, from))
OF_FILE(ssize_t, read, "read", (int fd, void *bytes, size_t count), (fd, bytes, count))
OF_FILE(ssize_t, readv, "read", (int fd, const struct iovec *parts, int count), (fd, parts, count))
OF_FILE(ssize_t, pread, "read", (int fd, void *bytes, size_t count, off_t from), (fd, bytes, count, from))
OF_FILE(ssize_t, pread64, "read", (int fd, void *bytes, size_t count, off64_t from), (fd, bytes, count, from))
OF_FILE(ssize_t, preadv64, "read", (int fd, const struct iovec *parts, int count, off64_t from), (fd, parts, count, from))
OF_FILE(int, ftruncate, "truncate", (int fd, off_t bytes), (fd, bytes))
OF_FILE(int, ftruncate64, "truncate", (int fd, off64_t bytes), (fd, bytes))
OF_FILE(int, fallocate, "truncate", (int fd, int mode, off_t from, off_t bytes), (fd, mode, from, bytes))
OF_FILE(int, fallocate64, "truncate", (int fd, int mode, off64_t from, off64_t bytes), (fd, mode, from, bytes))

/* These return their error. */
int posix_fallocate(int fd, off_t from, off_t bytes)
{
    return fails_of("truncate", fd) ? error : NEXT(posix_fallocate)(fd, from, bytes);
}

int posix_fallocate64(int fd, off64_t from, off64_t bytes)
{
    return fails_of("truncate", fd) ? error : NEXT(posix_fallocate64)(fd, from, bytes);
}

#define OF_PATH(result, failed, name, called, path, parameters, arguments)                                   \
    result name parameters                                                                                   \
    {                                                                                                        \
        if (fails(called, path))                                                                             \
            return failed;                                                                                   \
        return NEXT(name) arguments;                                                                         \
    }

OF_PATH(int, -1, truncate64, "truncate", path, (const char *path, off64_t bytes), (path, bytes))
OF_PATH(int, -1, rename, "rename", to, (const char *from, const char *to), (from, to))
OF_PATH(int, -1, link, "rename", to, (const char *from, const char *to), (from, to))
OF_PATH(int, -1, renameat, "rename", to, (int a, const char *from, int b, const char *to), (a, from, b, to))
OF_PATH(int, -1, renameat2, "rename", to, (int a, const char *from, int b, const char *to, unsigned flags), (a, from, b, to, flags))
OF_PATH(int, -1, unlink, "remove", path, (const char *path), (path))
OF_PATH(int, -1, rmdir, "remove", path, (const char *path), (path))
OF_PATH(int, -1, unlinkat, "remove", path, (int folder, const char *path, int flags), (folder, path, flags))
OF_PATH(DIR *, NULL, opendir, "open", path, (const char *path), (path))
OF_PATH(int, -1, creat64, "open", path, (const char *path, mode_t mode), (path, mode))

#define OPEN(name, parameters, arguments)                                                                    \
    int name parameters                                                                                      \
    {                                                                                                        \
        va_list rest;                                                                                        \
        va_start(rest, flags);                                                                               \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;                              \
        va_end(rest);                                                                                        \
        if (fails("open", path))                                                                             \
            return -1;                                                                                       \
        return NEXT(name) arguments;                                                                         \
    }

OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
OPEN(openat, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))
OPEN(openat64, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))
