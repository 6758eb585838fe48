/* A library that is loaded before the system's and lets calls on some files fail, or moves the clock.
 *
 * FAULT_PATH   part of the path of the files that fail
 * FAULT_ERRNO  how: the number of an error
 * FAULT_WHEN   a file: only while it exists
 * FAULT_CLOCK  a file that holds the seconds by which the time of day is off
 *
 * What only reads goes through.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int is_on(void) {
    const char *when = getenv("FAULT_WHEN");
    struct stat found;
    return getenv("FAULT_PATH") != NULL && (when == NULL || stat(when, &found) == 0);
}

static int fails(const char *path) {
    if (!is_on() || strstr(path, getenv("FAULT_PATH")) == NULL) return 0;
    errno = atoi(getenv("FAULT_ERRNO"));
    return 1;
}

/* A disk that is full or broken still opens files; one that is read-only does not. */
static int open_fails(const char *path, int flags) {
    if (!(flags & (O_WRONLY | O_RDWR | O_CREAT)) || !fails(path)) return 0;
    return errno == EROFS || errno == EACCES;
}

static int fd_fails(int fd) {
    char link[64], path[4096];
    if (getenv("FAULT_PATH") == NULL) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return fails(path);
}

#define NEXT(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

#define OPEN(name)                                                           \
    int name(const char *path, int flags, ...) {                             \
        va_list more;                                                        \
        va_start(more, flags);                                               \
        mode_t mode = va_arg(more, mode_t);                                  \
        va_end(more);                                                        \
        if (open_fails(path, flags)) return -1;                              \
        return NEXT(name)(path, flags, mode);                                \
    }
OPEN(open)
OPEN(open64)

int openat64(int at, const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = va_arg(more, mode_t);
    va_end(more);
    if (open_fails(path, flags)) return -1;
    return NEXT(openat64)(at, path, flags, mode);
}

ssize_t write(int fd, const void *data, size_t size) {
    return fd_fails(fd) ? -1 : NEXT(write)(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    return fd_fails(fd) ? -1 : NEXT(pwrite)(fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    return fd_fails(fd) ? -1 : NEXT(pwrite64)(fd, data, size, at);
}

int fsync(int fd) { return fd_fails(fd) ? -1 : NEXT(fsync)(fd); }

int fdatasync(int fd) { return fd_fails(fd) ? -1 : NEXT(fdatasync)(fd); }

int ftruncate64(int fd, off64_t size) { return fd_fails(fd) ? -1 : NEXT(ftruncate64)(fd, size); }

int rename(const char *old, const char *new) { return fails(new) ? -1 : NEXT(rename)(old, new); }

int mkdir(const char *path, mode_t mode) { return fails(path) ? -1 : NEXT(mkdir)(path, mode); }

static time_t off(void) {
    const char *name = getenv("FAULT_CLOCK");
    FILE *file = name == NULL ? NULL : fopen(name, "r");
    long seconds = 0;
    if (file != NULL) {
        if (fscanf(file, "%ld", &seconds) != 1) seconds = 0;
        fclose(file);
    }
    return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *told) {
    int done = NEXT(clock_gettime)(clock, told);
    if (done == 0 && clock == CLOCK_REALTIME) told->tv_sec += off();
    return done;
}
