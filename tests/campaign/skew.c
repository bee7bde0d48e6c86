/* Moves the wall clock of a process and leaves the monotonic one alone.

   gcc -shared -fPIC -O2 -o skew.so skew.c
   CAMPAIGN_SKEW=FILE LD_PRELOAD=./skew.so program

   FILE holds one 64-bit integer in the machine's byte order: seconds to add. It is mapped once and read at each call,
   so the clock moves while the program runs. Without it, nothing changes. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static _Atomic(volatile int64_t *) shared;
static int64_t nothing;

static int64_t skew(void)
{
    volatile int64_t *at = atomic_load(&shared);
    if (at == NULL) {
        const char *path = getenv("CAMPAIGN_SKEW");
        int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
        void *mapped = file < 0 ? MAP_FAILED : mmap(NULL, sizeof nothing, PROT_READ, MAP_SHARED, file, 0);
        if (file >= 0)
            close(file);
        at = mapped == MAP_FAILED ? &nothing : mapped;
        atomic_store(&shared, at);
    }
    return *at;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += skew();
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    (void)zone;
    struct timespec precise;
    int result = clock_gettime(CLOCK_REALTIME, &precise);
    if (result == 0) {
        now->tv_sec = precise.tv_sec;
        now->tv_usec = precise.tv_nsec / 1000;
    }
    return result;
}

time_t time(time_t *where)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return (time_t)-1;
    if (where != NULL)
        *where = now.tv_sec;
    return now.tv_sec;
}
