// Shows a slider beside the budget, in equal steps of its logarithm, and assembles the context when it is let go.
const budget = document.getElementById("budget");
const slider = document.getElementById("slider");
const bound = (value) => Math.min(Math.max(value, budget.min), budget.max);

slider.min = Math.log2(budget.min);
slider.max = Math.log2(budget.max);
slider.value = Math.log2(budget.value);
document.getElementById("slide").hidden = false;
slider.addEventListener("input", () => {
  budget.value = bound(Math.round(2 ** slider.value));
});
slider.addEventListener("change", () => budget.form.requestSubmit());
