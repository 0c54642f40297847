/* A machine whose disk says "done" and has done nothing: preloaded into a server, it takes the sync out. */
#define _GNU_SOURCE
#include <sys/types.h>

int fsync(int fd) { (void)fd; return 0; }
int fdatasync(int fd) { (void)fd; return 0; }
int sync_file_range(int fd, off_t offset, off_t bytes, unsigned flags)
{
    (void)fd; (void)offset; (void)bytes; (void)flags;
    return 0;
}
