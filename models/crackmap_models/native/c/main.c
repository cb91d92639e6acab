/* Scores tiles from standard input, one after the other: PPM pictures (P6) of the model's size, or with -r their bare
 * RGB bytes. Prints a line for each: logit and probability of "crack". With -t also, on stderr, ms per tile and, on
 * Linux, the peak of resident memory in kB. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "model.h"

enum { TILE_BYTES = CRACK_TILE_PX * CRACK_TILE_PX * 3 };
static uint8_t tile[TILE_BYTES];
static int8_t memory[CRACK_MEMORY_BYTES];

/* 1: a tile was read, 0: the input has ended, -1: it is no tile. */
static int read_tile(int bare) {
    int width = 0, height = 0, most = 0;
    if (!bare) {
        const int numbers = scanf("P6 %d %d %d", &width, &height, &most);
        if (numbers == EOF) return 0;
        if (numbers != 3 || width != CRACK_TILE_PX || height != CRACK_TILE_PX || most != 255) return -1;
        if (getchar() == EOF) return -1;
    }
    const size_t bytes = fread(tile, 1, TILE_BYTES, stdin);
    return bytes == TILE_BYTES ? 1 : bare && bytes == 0 ? 0 : -1;
}

/* 0 where the system does not say. */
static long peak_kb(void) {
    char line[256];
    long peak = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status)) sscanf(line, "VmHWM: %ld", &peak);
    if (status) fclose(status);
    return peak;
}

int main(int count, char **arguments) {
    int timed = 0, bare = 0;
    for (int k = 1; k < count; k++) {
        timed |= !strcmp(arguments[k], "-t");
        bare |= !strcmp(arguments[k], "-r");
    }
    clock_t spent = 0;
    int tiles = 0, found;
    while ((found = read_tile(bare)) == 1) {
        const clock_t began = clock();
        const float logit = crack_logit(tile, memory);
        spent += clock() - began;
        tiles++;
        printf("%.6f %.6f\n", logit, 1 / (1 + exp(-logit)));
    }
    if (found < 0) {
        fprintf(stderr, "tile %d: not a P6 picture or RGB bytes of %d x %d pixels\n", tiles + 1, CRACK_TILE_PX,
                CRACK_TILE_PX);
        return 2;
    }
    if (timed && tiles) fprintf(stderr, "%.4f %ld\n", 1e3 * (double)spent / CLOCKS_PER_SEC / tiles, peak_kb());
    return 0;
}
