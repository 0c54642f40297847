/* Shifts the system's clock: preloaded into a server, the real-time clock is ahead by the seconds
 * that the file named by CLOCK_SHIFT_FILE holds. The monotonic clock is left alone. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long shift_seconds(void)
{
    const char *path = getenv("CLOCK_SHIFT_FILE");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return 0;
    char text[32] = {0};
    ssize_t bytes = read(fd, text, sizeof text - 1);
    close(fd);
    return bytes > 0 ? atol(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (clock == CLOCK_REALTIME)
        time->tv_sec += shift_seconds();
    return result;
}
