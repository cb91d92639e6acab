/* int8 convolutions and what stands between them, as XNNPACK computes them: sums in int32, rescaled in float to the
 * nearest step. Tensors are [height][width][channels]; every size is a constant where these are called, so that the
 * compiler unrolls and vectorises over channels. C99 with the vectors of GCC and Clang; only memcpy and memset are
 * called. No product may be fused with the sum after it (-ffp-contract=off), or halves round otherwise. */
#ifndef CRACK_KERNELS_H
#define CRACK_KERNELS_H
#include <stdint.h>
#include <string.h>

#define KERNEL static inline __attribute__((always_inline))

enum { MOST_CHANNELS = 1024, LANES = 16, PIXELS = 4 }; /* LANES x PIXELS sums are kept in registers */

typedef int32_t lanes __attribute__((vector_size(LANES * 4)));

/* A stored number stands for scale x (stored - zero). */
KERNEL int8_t rescaled(int32_t sum, float scale, int zero, int low, int high) {
    const float value = (float)sum * scale + 12582912.0f; /* 1.5 x 2^23: the low bits are the nearest whole number */
    int32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits += zero - 0x4B400000;
    bits = bits < low ? low : bits;
    bits = bits > high ? high : bits;
    return (int8_t)bits;
}

/* weights [width_out / LANES][kernel][kernel][depth][LANES] and bias [width_out], filled up with 0 to whole LANES; the
 * bias has the input's zero point in it. flip is 0x80 where `in` holds pixels 0..255: the top bit flipped is the pixel
 * less 128. Outside of the picture there is `outside`. */
KERNEL void convolve(const int8_t *restrict in, int8_t *restrict out, const int8_t *restrict weights,
                     const int32_t *restrict bias, const float *restrict scale, int side_in, int depth, int side_out,
                     int width_out, int kernel, int stride, int pad, int outside, int zero_out, int low, int high,
                     int flip) {
    int8_t nothing[MOST_CHANNELS];
    memset(nothing, outside, (size_t)depth);
    for (int y = 0; y < side_out; y++)
        for (int x = 0; x < side_out; x += PIXELS)
            for (int block = 0; block < width_out; block += LANES) {
                const int8_t *weight = weights + block * kernel * kernel * depth;
                lanes sum0, sum1, sum2, sum3;
                memcpy(&sum0, bias + block, sizeof sum0);
                sum1 = sum2 = sum3 = sum0;
                for (int ky = 0; ky < kernel; ky++)
                    for (int kx = 0; kx < kernel; kx++) {
                        const int8_t *pixel[PIXELS];
                        for (int p = 0; p < PIXELS; p++) {
                            const int row = y * stride + ky - pad, column = (x + p) * stride + kx - pad;
                            const int inside = row >= 0 && row < side_in && column >= 0 && column < side_in;
                            pixel[p] = inside ? in + (row * side_in + column) * depth : nothing;
                        }
                        for (int d = 0; d < depth; d++, weight += LANES) {
                            int32_t unpacked[LANES];
                            for (int c = 0; c < LANES; c++) unpacked[c] = weight[c];
                            lanes wide;
                            memcpy(&wide, unpacked, sizeof wide);
                            sum0 += (int8_t)(pixel[0][d] ^ flip) * wide;
                            sum1 += (int8_t)(pixel[1][d] ^ flip) * wide;
                            sum2 += (int8_t)(pixel[2][d] ^ flip) * wide;
                            sum3 += (int8_t)(pixel[3][d] ^ flip) * wide;
                        }
                    }
                int32_t sum[PIXELS][LANES];
                memcpy(sum[0], &sum0, sizeof sum0);
                memcpy(sum[1], &sum1, sizeof sum1);
                memcpy(sum[2], &sum2, sizeof sum2);
                memcpy(sum[3], &sum3, sizeof sum3);
                for (int p = 0; p < PIXELS && x + p < side_out; p++) {
                    int8_t answer[LANES];
                    for (int c = 0; c < LANES; c++)
                        answer[c] = rescaled(sum[p][c], scale[block + c], zero_out, low, high);
                    const int wanted = width_out - block < LANES ? width_out - block : LANES;
                    memcpy(out + (y * side_out + x + p) * width_out + block, answer, (size_t)wanted);
                }
            }
}

/* weights [kernel][kernel][width]: every channel by itself. */
KERNEL void convolve_depthwise(const int8_t *restrict in, int8_t *restrict out, const int8_t *restrict weights,
                                      const int32_t *restrict bias, const float *restrict scale, int side_in,
                                      int side_out, int width, int kernel, int stride, int pad, int zero_in,
                                      int zero_out, int low, int high) {
    int32_t sum[MOST_CHANNELS];
    for (int y = 0; y < side_out; y++)
        for (int x = 0; x < side_out; x++) {
            for (int c = 0; c < width; c++) sum[c] = bias[c];
            for (int ky = 0; ky < kernel; ky++)
                for (int kx = 0; kx < kernel; kx++) {
                    const int row = y * stride + ky - pad, column = x * stride + kx - pad;
                    if (row < 0 || row >= side_in || column < 0 || column >= side_in) continue;
                    const int8_t *pixel = in + (row * side_in + column) * width;
                    const int8_t *weight = weights + (ky * kernel + kx) * width;
                    for (int c = 0; c < width; c++) sum[c] += (pixel[c] - zero_in) * weight[c];
                }
            for (int c = 0; c < width; c++) *out++ = rescaled(sum[c], scale[c], zero_out, low, high);
        }
}

/* out = (bias + a x factor_a + b x factor_b) / 2^shift + zero_out: the zero points of a and b are in the bias. */
KERNEL void add(const int8_t *restrict a, const int8_t *restrict b, int8_t *restrict out, int count,
                       int32_t factor_a, int32_t factor_b, int32_t bias, int shift, int zero_out, int low, int high) {
    for (int k = 0; k < count; k++) {
        int32_t value = ((bias + a[k] * factor_a + b[k] * factor_b) >> shift) + zero_out;
        value = value < low ? low : value;
        out[k] = (int8_t)(value > high ? high : value);
    }
}

KERNEL void mean(const int8_t *restrict in, int8_t *restrict out, int pixels, int width, int zero_in,
                        int zero_out, float scale) {
    int32_t sum[MOST_CHANNELS];
    for (int c = 0; c < width; c++) sum[c] = -pixels * zero_in;
    for (int p = 0; p < pixels; p++)
        for (int c = 0; c < width; c++) sum[c] += in[p * width + c];
    for (int c = 0; c < width; c++) out[c] = rescaled(sum[c], scale, zero_out, -128, 127);
}

KERNEL void largest(const int8_t *restrict in, int8_t *restrict out, int pixels, int width) {
    for (int c = 0; c < width; c++) out[c] = in[c];
    for (int p = 1; p < pixels; p++)
        for (int c = 0; c < width; c++) out[c] = in[p * width + c] > out[c] ? in[p * width + c] : out[c];
}
#endif
