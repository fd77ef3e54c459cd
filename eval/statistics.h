// What a table of scores needs besides the mean: intervals and tests, for samples that are not independent of each other (several
// questions about one image). Free of torch. All functions are pure and thread-safe; equal arguments give equal results.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace zlens {

struct Resampling {
  int count = 10000;       // resamples, at least 100
  std::uint64_t seed = 0;  // equal seeds give equal results on every machine
  double level = 0.95;     // of the interval
};

struct Estimate {
  double mean = 0, low = 0, high = 0;
};

// The mean of `values` and its percentile bootstrap interval: whole clusters are drawn with replacement, and each resample's mean
// is the sum of its values over their number. For the paired difference of two runs, pass the differences, sample by sample.
// clusters[i] is the cluster of value i (numbers below values.size()); empty: every value stands alone. Few clusters (below about
// 20) make the interval too narrow, one makes it a point. Throws InputError where there are no values, sizes differ, a value is not
// finite, or `resampling` is out of range. Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 8 and
// 13; quantiles are interpolated linearly.
Estimate bootstrap_mean(std::span<const double> values, std::span<const std::size_t> clusters, const Resampling& resampling);

// Two-sided p-value of "each cluster's difference is as likely as its negative": the sign of whole clusters is flipped. Exact where
// all flips are at most `resampling.count`, else drawn, then (1 + as extreme) / (1 + drawn). 1 where all differences are 0.
// Arguments and errors as for bootstrap_mean.
double sign_flip_p(std::span<const double> differences, std::span<const std::size_t> clusters, const Resampling& resampling);

// McNemar's test on samples that exactly one of two runs has right. It takes samples as independent: where several ask about one
// image, sign_flip_p is the one to trust.
struct McNemar {
  std::int64_t only_first = 0, only_second = 0;  // right in this run alone
  double exact_p = 1;                            // two-sided binomial
  double mid_p = 1;                              // exact_p less the probability of the outcome itself: less timid
};

// Throws InputError where a count is negative. Source: Fagerland, Lydersen and Laake, BMC Med. Res. Methodol. 13:91 (2013).
McNemar mcnemar(std::int64_t only_first, std::int64_t only_second);

// The probability that a positive's value is above a negative's, ties counted half.
// Throws InputError where one of the two is empty or a value is NaN.
double auroc(std::span<const double> positives, std::span<const double> negatives);

}  // namespace zlens
