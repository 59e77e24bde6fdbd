// Reductions, reference.
#include <math.h>

#include "kernels/reduce.h"

namespace octet {
namespace {

// Sum over the reduced indices of term(value).
template <class T, class V, class Term>
V sum_of(const Loops& reduced, int64_t count, const T* input, V start, Term term) {
  V sum = start;
  for (int64_t j = 0; j < count; ++j) sum = term(sum, input[offset_of(reduced, j)]);
  return sum;
}

double largest(const ReduceF32Args& args, const float* input) {
  return sum_of(args.reduced, args.count, input, -(double)__builtin_inff(),
                [](double best, float x) { return best < x ? x : best; });
}

double log_sum_exp(const ReduceF32Args& args, const float* input) {
  const double most = largest(args, input);
  if (most == -(double)__builtin_inff()) return most;
  return most +
         log(sum_of(args.reduced, args.count, input, 0.0, [most](double s, float x) { return s + exp(x - most); }));
}

double reduce_one(const ReduceF32Args& args, const float* input) {
  auto sum = [&](auto term) { return sum_of(args.reduced, args.count, input, 0.0, term); };
  switch (args.kind) {
    case ReduceKind::mean:
      return sum([](double s, float x) { return s + x; }) / (double)args.count;
    case ReduceKind::sum:
      return sum([](double s, float x) { return s + x; });
    case ReduceKind::max:
      return largest(args, input);
    case ReduceKind::min:
      return sum_of(args.reduced, args.count, input, (double)__builtin_inff(),
                    [](double best, float x) { return x < best ? x : best; });
    case ReduceKind::prod:
      return sum_of(args.reduced, args.count, input, 1.0, [](double p, float x) { return p * x; });
    case ReduceKind::l1:
      return sum([](double s, float x) { return s + fabs((double)x); });
    case ReduceKind::l2:
      return sqrt(sum([](double s, float x) { return s + (double)x * x; }));
    case ReduceKind::sum_square:
      return sum([](double s, float x) { return s + (double)x * x; });
    case ReduceKind::log_sum:
      return log(sum([](double s, float x) { return s + x; }));
    case ReduceKind::log_sum_exp:
      return log_sum_exp(args, input);
  }
  return 0;
}

void reduce_f32(const ReduceF32Args& args, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i) {
    args.output[i] = (float)reduce_one(args, args.input + offset_of(args.kept, i));
  }
}

template <class Args>
int32_t centred_sum(const Args& args, int64_t i) {
  const int32_t zero = args.in_zero_point;
  return sum_of(args.reduced, args.count, args.input + offset_of(args.kept, i), (int32_t)0,
                [zero](int32_t s, int8_t q) { return s + q - zero; });
}

void reduce_i8(const ReduceI8Args& args, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i) args.output[i] = requantize(centred_sum(args, i), args.factor, args.range);
}

void reduce_i8_f32(const ReduceI8F32Args& args, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i) args.output[i] = (float)centred_sum(args, i) * args.factor;
}

}  // namespace

extern const ReduceF32Row reduce_f32_ref = {"reduce_f32_ref", Isa::ref, reduce_f32};
extern const ReduceI8F32Row reduce_i8_f32_ref = {"reduce_i8_f32_ref", Isa::ref, reduce_i8_f32};
extern const ReduceI8Row reduce_i8_ref = {"reduce_i8_ref", Isa::ref, reduce_i8};

}  // namespace octet
