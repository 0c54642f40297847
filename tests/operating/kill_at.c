/* Preloaded into a server, ends the process at one of its writes: at call number CAIRN_KILL_AT, among the
 * calls that change files below the folder CAIRN_KILL_DIR. A write stores CAIRN_KILL_KEEP percent of its
 * bytes, followed by SIGKILL; any other call does nothing, and the process exits with code 99. Blocks of
 * zeros, which preallocate a file, do not count. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define ZEROS_MIN 65536

static atomic_long calls;

/* Returns whether a call for this path is the last one. */
static int is_last(const char *path)
{
    const char *dir = getenv("CAIRN_KILL_DIR"), *at = getenv("CAIRN_KILL_AT");
    if (!dir || !at || strncmp(path, dir, strlen(dir)) != 0)
        return 0;
    return atomic_fetch_add(&calls, 1) + 1 == atol(at);
}

static int is_last_of(int fd)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t bytes = readlink(link, path, sizeof path - 1);
    if (bytes < 0)
        return 0;
    path[bytes] = 0;
    return is_last(path);
}

static void end_at(const char *path)
{
    if (is_last(path))
        _exit(99);
}

static void end_of(int fd)
{
    if (is_last_of(fd))
        _exit(99);
}

static size_t kept(size_t bytes)
{
    const char *keep = getenv("CAIRN_KILL_KEEP");
    return bytes * (keep ? atol(keep) : 0) / 100;
}

static int opened(__typeof__(&open64) next, const char *path, int flags, mode_t mode)
{
    if (flags & (O_CREAT | O_TRUNC))
        end_at(path);
    return next(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return opened(NEXT(open64), path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return opened(NEXT(open), path, flags, mode);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    if (is_last_of(fd)) {
        NEXT(write)(fd, bytes, kept(count));
        raise(SIGKILL);
    }
    return NEXT(write)(fd, bytes, count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at)
{
    int is_zeros = count >= ZEROS_MIN && *(const char *)bytes == 0;
    if (!is_zeros && is_last_of(fd)) {
        NEXT(pwrite64)(fd, bytes, kept(count), at);
        raise(SIGKILL);
    }
    return NEXT(pwrite64)(fd, bytes, count, at);
}

int mkdir(const char *path, mode_t mode)
{
    end_at(path);
    return NEXT(mkdir)(path, mode);
}

int rename(const char *from, const char *to)
{
    end_at(to);
    return NEXT(rename)(from, to);
}

int unlink(const char *path)
{
    end_at(path);
    return NEXT(unlink)(path);
}

int ftruncate64(int fd, off64_t bytes)
{
    end_of(fd);
    return NEXT(ftruncate64)(fd, bytes);
}
