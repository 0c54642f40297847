/* Preloaded into a server, simulates a disk that reports a sync without performing it. CAIRN_NOSYNC names
 * the affected files by their last path component, or a folder by a slash at its end; the default is all
 * files. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int is_taken_out(int fd)
{
    const char *name = getenv("CAIRN_NOSYNC");
    char link[64], path[4096];
    if (!name)
        return 1;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t bytes = readlink(link, path, sizeof path - 1);
    if (bytes < 0)
        return 0;
    path[bytes] = 0;
    size_t length = strlen(name);
    if (length > 0 && name[length - 1] == '/') {
        /* A folder: itself, and what is in it. */
        char folder[4096];
        snprintf(folder, sizeof folder, "/%s", name);
        strncat(path, "/", sizeof path - strlen(path) - 1);
        return strstr(path, folder) != NULL;
    }
    const char *slash = strrchr(path, '/');
    return slash && strcmp(slash + 1, name) == 0;
}

int fsync(int fd)
{
    return is_taken_out(fd) ? 0 : ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}

int fdatasync(int fd)
{
    return is_taken_out(fd) ? 0 : ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}

int sync_file_range(int fd, off_t offset, off_t bytes, unsigned flags)
{
    if (is_taken_out(fd))
        return 0;
    return ((int (*)(int, off_t, off_t, unsigned))dlsym(RTLD_NEXT, "sync_file_range"))(fd, offset, bytes, flags);
}
