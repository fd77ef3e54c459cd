// What a step of reinforcement learning costs: SVF as zlens trains it, against a step that rebuilds every W' densely and keeps a
// gradient of its size, as the reference does (SakanaAI/self-adaptive-llms). Same model, prompts, answers a prompt and optimiser.
//   rl_step VARIANT --data RECEIPTS [--init EXPERT] [--steps 3] [--threads 2] [--prompts 12] [--samples 8]      prints JSON
// --init: answers as short as a trained expert gives them; without it the base's. VARIANT: reference (dense; as many answers, but
// each to a prompt of its own, none of which is shared, as the reference draws and trains them) | dense | delta | factored | answer (factored, the base reads the prompt). One variant a process: peak memory is the
// process's.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <sys/resource.h>

#include <chrono>
#include <iostream>
#include <map>
#include <numeric>

#include "app/session.h"
#include "app/task_stream.h"
#include "eval/rewards.h"
#include "experts/base_hash.h"
#include "io/error.h"
#include "io/user_folders.h"
#include "train/objectives.h"
#include "train/trainable.h"

namespace {

using namespace zlens;
using Clock = std::chrono::steady_clock;

// z by way of W' = U diag(S z) Vᵀ, rebuilt for every step; gradients arrive at W' and go on to z from there.
class DenseRebuild : public Trainable {
 public:
  explicit DenseRebuild(FactorStore& factors) : factors_(factors) {
    for (const AdaptableMatrix& matrix : factors.model().matrices())
      parameters_["z/" + matrix.name] = at::zeros_like(factors.get(matrix.name)->s).requires_grad_();
  }

  void rebuild() {
    const c10::NoGradGuard no_grad;
    weights_.clear();
    for (const AdaptableMatrix& matrix : factors_.model().matrices())
      weights_.push_back(dense(matrix.name).detach().requires_grad_());
  }

  // From the gradients of the weights to those of z.
  void pass_on() {
    const AdaptableMatrices& matrices = factors_.model().matrices();
    for (std::size_t slot = 0; slot < matrices.size(); ++slot)
      if (weights_[slot].grad().defined()) dense(matrices[slot].name).backward(weights_[slot].grad());
  }

  std::shared_ptr<ActiveMix> mix() const override {
    auto out = std::make_shared<ActiveMix>();
    for (const at::Tensor& weight : weights_) out->slots.push_back(SlotChange{.form = LinearForm::Merged, .merged = weight});
    return out;
  }
  void store(Expert&) const override { throw Error("a bench keeps no expert"); }
  void load(const Expert& expert) override {
    const c10::NoGradGuard no_grad;
    for (const auto& [name, z] : expert.z) parameters_.at("z/" + name).copy_(at::tensor(at::ArrayRef<float>(z)) - 1);
  }

 private:
  at::Tensor dense(const std::string& name) const {
    const auto factors = factors_.get(name);
    const at::Tensor scale = (factors->s + factors->s * parameters_.at("z/" + name)).to(factors->u.scalar_type());
    return at::matmul(factors->u * scale, factors->vt);
  }

  FactorStore& factors_;
  std::vector<at::Tensor> weights_;
};

struct Arguments {
  std::string variant, data, init;
  int threads = 2;
  std::int64_t steps = 3, prompts = 12, samples = 8;
};

Arguments parse(int argc, char** argv) {
  if (argc < 2) throw InputError("usage: rl_step reference|dense|delta|factored|answer --data RECEIPTS [--init EXPERT] [--steps N] [--threads N]");
  Arguments out{.variant = argv[1]};
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string flag = argv[i], value = argv[i + 1];
    if (flag == "--data") out.data = value;
    if (flag == "--init") out.init = value;
    if (flag == "--threads") out.threads = std::stoi(value);
    if (flag == "--steps") out.steps = std::stoll(value);
    if (flag == "--prompts") out.prompts = std::stoll(value);
    if (flag == "--samples") out.samples = std::stoll(value);
  }
  return out;
}

double peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

Json measure(const Arguments& arguments) {
  SessionOptions settings{.model = "smollm2", .threads = arguments.threads, .attachments = {{"transcript", {}}}};
  const Session session(settings);
  const auto model = session.model();
  FactorStore factors(model, base_hash(*model, user_cache_folder()), user_cache_folder() / "factors");
  factors.decompose({});
  const auto prompt = PromptTemplate::load("receipt-brief", assets_folder() / "prompts");
  const TaskRegistry tasks = builtin_tasks();
  const TaskStream stream(select_samples(tasks.get("docvqa").read(arguments.data, "train"), {"company", "date", "total"}),
                          {&session.preparer(), &prompt, "anls", {}});
  const RandomReward reward(0);  // with `reinforce` every prompt teaches: all steps draw and train equally much

  std::unique_ptr<Trainable> trainable;
  DenseRebuild* dense = nullptr;
  if (arguments.variant == "dense" || arguments.variant == "reference") {
    auto made = std::make_unique<DenseRebuild>(factors);
    dense = made.get();
    trainable = std::move(made);
  } else {
    MethodOptions method;
    method.form = arguments.variant == "delta" ? LinearForm::Delta : LinearForm::Factored;
    trainable = make_trainable(factors, method);
  }
  if (!arguments.init.empty()) trainable->load(read_expert(arguments.init));
  const bool reference = arguments.variant == "reference";
  TrainOptions options{.algorithm = "reinforce",
                       .prompts = reference ? arguments.prompts * arguments.samples : arguments.prompts,
                       .samples = reference ? 1 : arguments.samples,
                       .per_group = reference ? 1 : 3,
                       .tries = 1};
  options.answer_only = arguments.variant == "answer";
  const TrainData data{&stream, nullptr, nullptr, &reward};
  AdamW optimizer(trainable->parameters(), options.optimizer);
  Objectives objectives(*model, *trainable, data, options);
  SampleOrder order(stream, 0);
  std::vector<double> steps, rollouts, gradients;
  for (std::int64_t step = 0; step <= arguments.steps; ++step) {
    const auto start = Clock::now();
    if (dense) dense->rebuild();
    const StepReport report = objectives.reinforce(order, step);
    if (dense) dense->pass_on();
    optimizer.step(1e-4);
    if (step == 0) continue;  // warm-up
    steps.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    rollouts.push_back(report.rollout_s);
    gradients.push_back(report.gradient_s);
  }
  const auto mean = [](const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  };
  return {{"variant", arguments.variant}, {"steps", arguments.steps},      {"prompts", arguments.prompts},
          {"samples", arguments.samples}, {"threads", arguments.threads},  {"step_s", mean(steps)},
          {"rollout_s", mean(rollouts)},  {"gradient_s", mean(gradients)}, {"peak_mb", peak_mb()}};
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Arguments arguments = parse(argc, argv);
    at::set_num_threads(arguments.threads);
    std::cout << measure(arguments).dump() << "\n";
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "rl_step: " << error.what() << "\n";
    return 1;
  }
}
