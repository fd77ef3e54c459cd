#include "modules/gradients.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "modules/gradient_loops.h"
#include "modules/kernels.h"
#include "modules/storage.h"
#if defined(ZLENS_CUDA)
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "io/error.h"
#include "modules/scaled_rows_cuda.h"
#endif

namespace zlens::kernels {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

struct NormFunction : Function<NormFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, double eps) {
    context->save_for_backward({x, weight});
    context->saved_data["eps"] = eps;
    return rms_norm(x, weight, eps);
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor x = saved[0].contiguous(), grad = grads[0].contiguous();
    at::Tensor out = at::empty_like(x);
    const std::int64_t width = x.size(-1), rows = x.numel() / std::max<std::int64_t>(1, width);
    with_storage(x, [&](auto zero) {
      using T = decltype(zero);
      at::parallel_for(0, rows, 16, [&](std::int64_t begin, std::int64_t end) {
        const std::int64_t first = begin * width;
        norm_gradient(NormGradient<T>{input<T>(x) + first, input<T>(saved[1]), input<T>(grad) + first, output<T>(out) + first,
                                      end - begin, width, static_cast<float>(context->saved_data["eps"].toDouble())});
      });
    });
    return {out, context->needs_input_grad(1) ? weight_gradient(context, x, grad) : at::Tensor(), {}};
  }

  static at::Tensor weight_gradient(AutogradContext* context, const at::Tensor& x, const at::Tensor& grad) {
    const at::Tensor weight = context->get_saved_variables()[1].detach();
    const at::Tensor normed = rms_norm(x, at::ones_like(weight), context->saved_data["eps"].toDouble());
    const std::int64_t width = x.size(-1), rows = x.numel() / std::max<std::int64_t>(1, width);
    at::Tensor out = at::empty({width}, at::kFloat);
    with_storage(x, [&](auto zero) {
      using T = decltype(zero);
      column_products(ColumnProducts<T>{input<T>(normed), input<T>(grad), output<float>(out), rows, width, 0, width});
    });
    return out.to(weight.scalar_type());
  }
};

struct ManyRowsFunction : Function<ManyRowsFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const Matrix& matrix) {
    context->saved_data["weight"] = matrix.weight;
    return many_rows_linear(x, {&matrix, 1}).front();
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    return {many_rows_back(grads[0], context->saved_data["weight"].toTensor()), {}};
  }
};

// [B, N, M] of [B, M, N]. One matrix after another: ATen transposes a matrix in blocks, but a batch of them value by value.
at::Tensor transposed(const at::Tensor& x) {
  const at::Tensor from = x.contiguous();
  at::Tensor out = at::empty({x.size(0), x.size(2), x.size(1)}, x.options());
  for (std::int64_t b = 0; b < x.size(0); ++b) out[b].copy_(from[b].t());
  return out;
}

struct EachTransposedFunction : Function<EachTransposedFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& y) {
    context->save_for_backward({x, y});
    return many_rows_each(x, y);
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const variable_list saved = context->get_saved_variables();
    const bool of_x = context->needs_input_grad(0), of_y = context->needs_input_grad(1);
    return {of_x ? many_rows_each_back(grads[0], saved[1]) : at::Tensor(),
            of_y ? many_rows_each_back(transposed(grads[0]), saved[0]) : at::Tensor()};
  }
};

struct EachFunction : Function<EachFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& y) {
    context->save_for_backward({x, y});
    return many_rows_each_back(x, y);
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const variable_list saved = context->get_saved_variables();
    const bool of_x = context->needs_input_grad(0), of_y = context->needs_input_grad(1);
    return {of_x ? many_rows_each(grads[0], saved[1]) : at::Tensor(),
            of_y ? many_rows_each_back(transposed(saved[0]), grads[0]) : at::Tensor()};
  }
};

struct GatedFunction : Function<GatedFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& gate, const at::Tensor& up) {
    context->save_for_backward({gate, up});
    at::Tensor out = gate.clone(at::MemoryFormat::Contiguous);
    silu_times(out, up.contiguous());
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor gate = saved[0].contiguous(), up = saved[1].contiguous(), grad = grads[0].contiguous();
    at::Tensor gate_grad = at::empty_like(gate), up_grad = at::empty_like(up);
    with_storage(gate, [&](auto zero) {
      using T = decltype(zero);
      at::parallel_for(0, gate.numel(), 8192, [&](std::int64_t begin, std::int64_t end) {
        gated_gradient(GatedGradient<T>{input<T>(gate) + begin, input<T>(up) + begin, input<T>(grad) + begin,
                                        output<T>(gate_grad) + begin, output<T>(up_grad) + begin, end - begin});
      });
    });
    return {gate_grad, up_grad};
  }
};

// gelu of x, or the gradient of x where that of y is given.
at::Tensor gelu_of(const at::Tensor& x, const at::Tensor& grad) {
  at::Tensor out = at::empty_like(x);
  with_storage(x, [&](auto zero) {
    using T = decltype(zero);
    at::parallel_for(0, x.numel(), 8192, [&](std::int64_t begin, std::int64_t end) {
      gelu_values(GeluValues<T>{input<T>(x) + begin, grad.defined() ? input<T>(grad) + begin : nullptr, output<T>(out) + begin,
                                end - begin});
    });
  });
  return out;
}

struct GeluFunction : Function<GeluFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x) {
    const at::Tensor in = x.contiguous();
    context->save_for_backward({in});
    return gelu_of(in, {});
  }
  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    return {gelu_of(context->get_saved_variables()[0], grads[0].contiguous())};
  }
};

struct SoftmaxFunction : Function<SoftmaxFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& mask, double scale) {
    const at::Tensor in = x.contiguous(), hidden = mask.contiguous();  // empty: none
    at::Tensor out = at::empty_like(in);
    const std::int64_t heads = in.size(1), tokens = in.size(2), slots = in.size(3);
    with_storage(in, [&](auto zero) {
      using T = decltype(zero);
      at::parallel_for(0, in.size(0) * heads * tokens, 32, [&](std::int64_t begin, std::int64_t end) {
        std::vector<float> wide(static_cast<std::size_t>(slots));
        for (std::int64_t row = begin; row < end; ++row) {
          const std::int64_t of_mask = row / (heads * tokens) * tokens + row % tokens;
          softmax_row(SoftmaxRow<T>{input<T>(in) + row * slots, hidden.numel() > 0 ? input<T>(hidden) + of_mask * slots : nullptr,
                                    output<T>(out) + row * slots, wide.data(), slots, static_cast<float>(scale)});
        }
      });
    });
    context->save_for_backward({out});
    context->saved_data["scale"] = scale;
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const at::Tensor y = context->get_saved_variables()[0], grad = grads[0].contiguous();
    const auto scale = static_cast<float>(context->saved_data["scale"].toDouble());
    at::Tensor out = at::empty_like(y);
    const std::int64_t slots = y.size(3);
    with_storage(y, [&](auto zero) {
      using T = decltype(zero);
      at::parallel_for(0, y.numel() / std::max<std::int64_t>(1, slots), 32, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row)
          softmax_gradient(SoftmaxGradient<T>{input<T>(y) + row * slots, input<T>(grad) + row * slots, output<T>(out) + row * slots,
                                              slots, scale});
      });
    });
    return {out, {}, {}};
  }
};

// Calls body(row of the scale, begin, end) for blocks of columns; every column is summed by one thread.
template <typename Body>
void for_each_block(const at::Tensor& x, const at::Tensor& scale, const Body& body) {
  const std::int64_t sets = scale.size(0), rows = x.size(0) * x.size(1) / sets, width = x.size(2);
  constexpr std::int64_t kBlock = 64;  // columns
  const std::int64_t blocks = (width + kBlock - 1) / kBlock;
  const std::int64_t grain = std::max<std::int64_t>(1, 16384 / std::max<std::int64_t>(1, rows * kBlock));
  at::parallel_for(0, sets * blocks, grain, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t item = from; item < to; ++item) {
      const std::int64_t set = item / blocks, begin = item % blocks * kBlock;
      body(set, begin, std::min(begin + kBlock, width));
    }
  });
}

template <typename T>
ScaledRows<T> scaled_rows(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& out) {
  return {input<T>(x), input<float>(scale), output<T>(out), x.size(0) * x.size(1) / scale.size(0), x.size(2)};
}

at::Tensor scaled(const at::Tensor& x, const at::Tensor& scale) {
  at::Tensor out = at::empty_like(x);
  with_storage(x, [&](auto zero) {
    using T = decltype(zero);
    const ScaledRows<T> all = scaled_rows<T>(x, scale, out);
    for_each_block(x, scale, [&](std::int64_t set, std::int64_t begin, std::int64_t end) { scale_block(all, set, begin, end); });
  });
  return out;
}

#if defined(ZLENS_CUDA)
at::Tensor scaled_on_cuda(const at::Tensor& x, const at::Tensor& scale) {
  const c10::cuda::CUDAGuard guard(x.device());
  at::Tensor out = at::empty_like(x);
  const char* error = with_storage(x, [&](auto zero) {
    return scale_rows_cuda(scaled_rows<decltype(zero)>(x, scale, out), scale.size(0), c10::cuda::getCurrentCUDAStream().stream());
  });
  if (error) throw Error(std::string("CUDA could not scale the rows of a batch: ") + error);
  return out;
}
#endif

struct ScaleFunction : Function<ScaleFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& scale) {
    context->save_for_backward({x, scale});
    return scaled(x.contiguous(), scale.contiguous());
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor x = saved[0].contiguous(), scale = saved[1].contiguous(), grad = grads[0].contiguous();
    at::Tensor scale_grad = at::empty_like(scale);
    with_storage(x, [&](auto zero) {
      using T = decltype(zero);
      const std::int64_t width = x.size(2), rows = x.size(0) * x.size(1) / scale.size(0);
      for_each_block(x, scale, [&](std::int64_t set, std::int64_t begin, std::int64_t end) {
        const std::int64_t first = set * rows * width;
        column_products(ColumnProducts<T>{input<T>(x) + first, input<T>(grad) + first, output<float>(scale_grad) + set * width,
                                          rows, width, begin, end});
      });
    });
    return {scaled(grad, scale), scale_grad};
  }
};

struct RotateFunction : Function<RotateFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin,
                            std::int64_t head_dim) {
    context->save_for_backward({cos, sin});
    return rotate_heads(x.contiguous(), {cos, sin, head_dim});
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor grad = grads[0].contiguous();  // [B, H, T, Dh]
    const std::int64_t heads = grad.size(1), tokens = grad.size(2), width = grad.size(3), half = width / 2;
    at::Tensor out = at::empty({grad.size(0), tokens, heads * width}, grad.options());
    with_storage(grad, [&](auto zero) {
      using T = decltype(zero);
      at::parallel_for(0, grad.size(0) * tokens, 32, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
          const std::int64_t b = row / tokens, t = row % tokens;
          for (std::int64_t h = 0; h < heads; ++h)
            rotate_back(input<T>(grad) + ((b * heads + h) * tokens + t) * width, input<float>(saved[0]) + row * half,
                        input<float>(saved[1]) + row * half, output<T>(out) + (row * heads + h) * width, half);
        }
      });
    });
    return {out, {}, {}, {}};
  }
};

}  // namespace

bool fusable(const at::Tensor& x) {
  return x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

at::Tensor rms_norm_differentiable(const at::Tensor& x, const at::Tensor& weight, double eps) {
  return NormFunction::apply(x, weight, eps);
}

at::Tensor many_rows_differentiable(const at::Tensor& x, const Matrix& matrix) {
  return ManyRowsFunction::apply(x, matrix);
}

at::Tensor bmm_transposed_differentiable(const at::Tensor& x, const at::Tensor& y) {
  return many_rows_each_usable(x, y) ? EachTransposedFunction::apply(x, y) : at::bmm(x, y.transpose(1, 2));
}

at::Tensor bmm_differentiable(const at::Tensor& x, const at::Tensor& y) {
  return many_rows_each_usable(x, y) ? EachFunction::apply(x, y) : at::bmm(x, y);
}

at::Tensor silu_times_differentiable(const at::Tensor& gate, const at::Tensor& up) {
  return GatedFunction::apply(gate, up);
}

at::Tensor gelu_tanh_differentiable(const at::Tensor& x) {
  return GeluFunction::apply(x);
}

at::Tensor softmax_differentiable(const at::Tensor& x, const at::Tensor& mask, double scale) {
  return SoftmaxFunction::apply(x, mask.defined() ? mask : at::empty({0}, x.options()), scale);
}

at::Tensor scale_rows(const at::Tensor& x, const at::Tensor& scale) {
  const bool graph = at::GradMode::is_enabled() && (x.requires_grad() || scale.requires_grad());
  if (fusable(x)) return graph ? ScaleFunction::apply(x, scale) : scaled(x.contiguous(), scale.contiguous());
#if defined(ZLENS_CUDA)
  if (!graph && x.is_cuda() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16))
    return scaled_on_cuda(x.contiguous(), scale.contiguous());
#endif
  return (x * scale.unsqueeze(1)).to(x.scalar_type());
}

at::Tensor rotate_heads_differentiable(const at::Tensor& x, const RopeAngles& angles, std::int64_t head_dim) {
  return RotateFunction::apply(x, angles.cos.contiguous(), angles.sin.contiguous(), head_dim);
}

}  // namespace zlens::kernels
