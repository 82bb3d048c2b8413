// The report works without this script; with it the contents show the place and can be searched,
// tables can be copied and saved, figures enlarged.
(() => {
  const zh = document.documentElement.lang.startsWith("zh");
  const say = (en, other) => (zh ? other : en);
  const make = (name, attributes, text) => {
    const element = Object.assign(document.createElement(name), attributes);
    if (text) element.textContent = text;
    return element;
  };

  const contents = document.getElementById("contents");
  if (contents) {
    const wide = matchMedia("(min-width: 64rem)");
    const fit = () => { contents.open = wide.matches; };
    fit();
    wide.addEventListener("change", fit);
    contents.addEventListener("click", (event) => {
      if (event.target.closest("a") && !wide.matches) contents.open = false;
    });

    const links = new Map([...contents.querySelectorAll("a")].map(
      (a) => [decodeURIComponent(a.hash.slice(1)), a]));
    const sections = [...document.querySelectorAll("main section[id]")].filter((s) => links.has(s.id));
    const showPlace = () => {
      const passed = sections.filter((s) => s.getBoundingClientRect().top < 120);
      links.forEach((a) => a.removeAttribute("aria-current"));
      if (passed.length) links.get(passed.at(-1).id).setAttribute("aria-current", "true");
    };
    addEventListener("scroll", () => requestAnimationFrame(showPlace), { passive: true });
    showPlace();

    const field = make("input", { type: "search", className: "search" });
    field.placeholder = say("Search the report", "在报告中搜索");
    field.setAttribute("aria-label", field.placeholder);
    const found = make("p", { className: "found" });
    found.setAttribute("role", "status");
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      let hits = 0;
      links.forEach((a, id) => {
        const section = document.getElementById(id);
        const holds = !wanted || (section && section.textContent.toLowerCase().includes(wanted));
        a.parentElement.hidden = !holds;
        if (wanted && holds) hits += 1;
      });
      found.textContent = wanted ? say(`${hits} sections`, `${hits} 节`) : "";
    });
    contents.querySelector("summary").after(field, found);
  }

  const rowsOf = (table) => [...table.rows].map(
    (row) => [...row.cells].map((cell) => cell.innerText.trim()));
  const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
  document.querySelectorAll("figure.float-tbl").forEach((figure) => {
    const table = figure.querySelector("table");
    if (!table) return;
    const bar = make("p", { className: "tools" });
    const copy = make("button", { type: "button" }, say("Copy", "复制"));
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(rowsOf(table).map((r) => r.join("\t")).join("\n"));
      copy.textContent = say("Copied", "已复制");
    });
    const save = make("button", { type: "button" }, "CSV");
    save.addEventListener("click", () => {
      const text = "\ufeff" + rowsOf(table).map((r) => r.map(quoted).join(",")).join("\r\n");
      const link = make("a", { download: `${figure.id}.csv` });
      link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
      link.click();
      URL.revokeObjectURL(link.href);
    });
    bar.append(copy, save);
    figure.append(bar);
  });

  document.querySelectorAll("figure.float-fig .figure-body").forEach((body) => {
    const picture = body.querySelector("img, svg");
    if (!picture) return;
    const button = make("button", { type: "button", className: "enlarge" }, say("Enlarge", "放大"));
    button.addEventListener("click", () => {
      const dialog = make("dialog", { className: "enlarged" });
      dialog.setAttribute("aria-label", say("Figure", "图"));
      const close = make("button", { type: "button" }, say("Close", "关闭"));
      close.addEventListener("click", () => dialog.close());
      dialog.addEventListener("close", () => dialog.remove());
      dialog.append(close, picture.cloneNode(true));
      document.body.append(dialog);
      dialog.showModal();
    });
    body.after(button);
  });
})();
