// A field above a long table: rows that lack a word of what is typed are hidden.
document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll(".filtered table")) {
    const field = document.createElement("input");
    field.type = "search";
    field.placeholder = "Filter, such as: refuted gradient";
    field.setAttribute("aria-label", "Filter the rows of the table below");
    const rows = [...table.tBodies[0].rows];
    const told = document.createElement("span");
    told.setAttribute("role", "status");
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        shown += row.hidden ? 0 : 1;
      }
      told.textContent = words.length ? ` ${shown} of ${rows.length}` : "";
    });
    const line = document.createElement("p");
    line.append(field, told);
    table.closest(".filtered").prepend(line);
  }
});
