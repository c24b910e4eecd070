document.addEventListener("DOMContentLoaded", () => {
  for (const part of document.querySelectorAll("[data-needs-script]")) part.hidden = false;
  theme_button();
  if (by_id("matrix")) matrix();
  if (by_id("compare")) compare_page();
});
