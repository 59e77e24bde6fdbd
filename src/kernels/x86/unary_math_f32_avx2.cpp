// Functions of one value that are made of exp, square roots, quotients, rounding and signs. What needs a logarithm or
// an angle is the reference's.
#include "kernels/elementwise.h"
#include "kernels/x86/exp_avx2.h"
#include "kernels/x86/vector_f32_avx2.h"

namespace octet {
namespace {

using Value = __m256;

Value sum(Value a, Value b) { return _mm256_add_ps(a, b); }
Value difference(Value a, Value b) { return _mm256_sub_ps(a, b); }
Value product(Value a, Value b) { return _mm256_mul_ps(a, b); }
Value quotient(Value a, Value b) { return _mm256_div_ps(a, b); }
Value sign_of(Value x) { return _mm256_and_ps(x, constant(-0.0F)); }
Value magnitude(Value x) { return _mm256_andnot_ps(constant(-0.0F), x); }
// Lane by lane: |x| < limit ? small : large.
Value by_magnitude(Value x, float limit, Value small, Value large) {
  return _mm256_blendv_ps(large, small, _mm256_cmp_ps(magnitude(x), constant(limit), _CMP_LT_OQ));
}

Value sigmoid(Value x) { return quotient(constant(1), sum(constant(1), exp_of(product(constant(-1), x)))); }
Value silu(Value x) { return quotient(x, sum(constant(1), exp_of(product(constant(-1), x)))); }

// Series near 0, where differences of nearly equal numbers would lose the digits.
Value expm1_of(Value x) {
  static constexpr float kSeries[] = {1.0F, 1.0F / 2, 1.0F / 6, 1.0F / 24, 1.0F / 120, 1.0F / 720, 1.0F / 5040};
  return by_magnitude(x, 0.5F, product(x, polynomial(x, kSeries)), difference(exp_of(x), constant(1)));
}

// With m = e^2|x| - 1: m / (m + 2). From 10 on it is 1.
Value tanh_of(Value x) {
  const Value m = expm1_of(_mm256_min_ps(constant(20), product(constant(2), magnitude(x))));
  return _mm256_or_ps(quotient(m, sum(m, constant(2))), sign_of(x));
}

// Taylor series near 0; elsewhere 1 - e^(-x^2) (a1 t + ... + a5 t^5) with t = 1 / (1 + p |x|), off by 1.5e-7 at most
// (Abramowitz and Stegun, 7.1.26).
Value erf_of(Value x) {
  static constexpr float kSeries[] = {1.12837917F,    -0.376126389F,    0.112837917F,   -0.0268661706F,
                                      0.00522397762F, -0.000854832701F, 0.000120553340F};
  static constexpr float kTail[] = {0.254829592F, -0.284496736F, 1.421413741F, -1.453152027F, 1.061405429F};
  const Value squared = product(x, x);
  const Value near = product(x, polynomial(squared, kSeries));
  const Value t = quotient(constant(1), _mm256_fmadd_ps(constant(0.3275911F), magnitude(x), constant(1)));
  const Value tail = product(product(t, polynomial(t, kTail)), exp_of(product(constant(-1), squared)));
  const Value far = _mm256_or_ps(difference(constant(1), tail), sign_of(x));
  return by_magnitude(x, 0.75F, near, far);
}

Value gelu(Value x) {
  return product(product(constant(0.5F), x), sum(constant(1), erf_of(product(x, constant(0.7071067812F)))));
}
Value gelu_tanh(Value x) {
  const Value cubed = product(product(product(constant(0.044715F), x), x), x);
  return product(product(constant(0.5F), x),
                 sum(constant(1), tanh_of(product(constant(0.7978845608F), sum(x, cubed)))));
}

// x tanh(log(1 + e^x)) = x n / (n + 2) with n = e^x (e^x + 2); from 20 on it is x.
Value mish(Value x) {
  const Value e = exp_of(_mm256_min_ps(constant(20), x));
  const Value n = product(e, sum(e, constant(2)));
  return product(x, quotient(n, sum(n, constant(2))));
}

bool supports(UnaryKind kind) {
  switch (kind) {
    case UnaryKind::sigmoid:
    case UnaryKind::tanh:
    case UnaryKind::silu:
    case UnaryKind::gelu:
    case UnaryKind::gelu_tanh:
    case UnaryKind::elu:
    case UnaryKind::selu:
    case UnaryKind::exp:
    case UnaryKind::sqrt:
    case UnaryKind::rsqrt:
    case UnaryKind::reciprocal:
    case UnaryKind::erf:
    case UnaryKind::softsign:
    case UnaryKind::mish:
    case UnaryKind::neg:
    case UnaryKind::abs:
    case UnaryKind::floor:
    case UnaryKind::ceil:
    case UnaryKind::round:
      return true;
    default:
      return false;
  }
}

template <class Function>
void for_each(const float* input, float* output, int64_t count, Function function) {
  for (int64_t i = 0; i < count; i += Vector::kLanes) {
    const Vector::Lanes lanes = Vector::first_lanes(count - i);
    Vector::store(output + i, function(Vector::load(input + i, lanes)), lanes);
  }
}

void run(UnaryKind kind, float alpha_value, float beta_value, const float* input, float* output, int64_t count) {
  const Value alpha = constant(alpha_value), one = constant(1);
  const Value beta = constant(kind == UnaryKind::selu ? beta_value : 1);
  const auto each = [&](auto function) { for_each(input, output, count, function); };
  switch (kind) {
    case UnaryKind::sigmoid:
      return each(sigmoid);
    case UnaryKind::tanh:
      return each(tanh_of);
    case UnaryKind::silu:
      return each(silu);
    case UnaryKind::gelu:
      return each(gelu);
    case UnaryKind::gelu_tanh:
      return each(gelu_tanh);
    case UnaryKind::elu:
    case UnaryKind::selu:
      return each([&](Value x) { return product(beta, Vector::if_negative(x, product(alpha, expm1_of(x)), x)); });
    case UnaryKind::exp:
      return each(exp_of);
    case UnaryKind::sqrt:
      return each([](Value x) { return _mm256_sqrt_ps(x); });
    case UnaryKind::rsqrt:
      return each([&](Value x) { return quotient(one, _mm256_sqrt_ps(x)); });
    case UnaryKind::reciprocal:
      return each([&](Value x) { return quotient(one, x); });
    case UnaryKind::erf:
      return each(erf_of);
    case UnaryKind::softsign:
      return each([&](Value x) { return quotient(x, sum(one, magnitude(x))); });
    case UnaryKind::mish:
      return each(mish);
    case UnaryKind::neg:
      return each([](Value x) { return _mm256_xor_ps(x, constant(-0.0F)); });
    case UnaryKind::abs:
      return each(magnitude);
    case UnaryKind::floor:
      return each([](Value x) { return _mm256_floor_ps(x); });
    case UnaryKind::ceil:
      return each([](Value x) { return _mm256_ceil_ps(x); });
    default:  // round
      return each([](Value x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); });
  }
}

}  // namespace

extern const UnaryF32Row unary_math_f32_avx2 = {"unary_math_f32_avx2", Isa::avx2, supports, run};

}  // namespace octet
