// How Linear computes with an expert.
#pragma once

namespace zlens {

// How Linear computes W' x for a scaled spectrum. All are exact; they differ in cost (docs/design.md, section 3).
enum class LinearForm {
  Delta,     // W x + U (S(z-1) ∘ (Vᵀ x)): keeps the base's bits where z = 1, sits on any W
  Factored,  // U (S z ∘ (Vᵀ x)): reads U and V instead of W
  Merged,    // W' x with W' built once
};

}  // namespace zlens
