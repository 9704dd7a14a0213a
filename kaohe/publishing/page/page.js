"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const words = data.words;
  const $ = (id) => document.getElementById(id);
  const title = document.title;

  // Everything that is shown goes in as text, never as HTML.
  function element(name, options, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(options || {})) {
      if (key === "class") made.className = value;
      else made.setAttribute(key, value);
    }
    made.append(...children.filter((child) => child !== null && child !== ""));
    return made;
  }

  function said(key, blanks) {
    return words[key].replace(/\{(\w+)\}/g, (_, name) => blanks[name]);
  }

  // ---- charts
  const bands = ["#2f8f4e", "#4a7fc1", "#9a6a00", "#c2473c"];
  const config = {
    font: getComputedStyle(document.body).fontFamily,
    axis: { labelFontSize: 13, titleFontSize: 13, titleFontWeight: "normal", labelColor: "#1f2430", titleColor: "#5a6270" },
    legend: { labelFontSize: 13, titleFontSize: 13, orient: "top" },
    view: { stroke: null },
  };

  function draw(place, spec) {
    const options = { actions: false, renderer: "svg", ast: true, defaultStyle: false, tooltip: false };
    vegaEmbed(place, { ...spec, config, background: null, autosize: "fit-x" }, options);
  }

  function wide(place, most) {
    return Math.max(240, Math.min(most, place.parentElement.clientWidth - 32)); // an empty chart has no width of its own
  }

  function drawGrades() {
    const longest = Math.max(...data.grades.map((each) => data.grades.filter((one) => one.category === each.category).reduce((sum, one) => sum + one.count, 0)));
    document.querySelector("table.grades").classList.add("unseen"); // for those who hear the page: the chart says the same
    draw($("grades-chart"), {
      width: wide($("grades-chart"), 1160),
      height: 34 * new Set(data.grades.map((each) => each.category)).size,
      data: { values: data.grades },
      encoding: { y: { field: "category", type: "nominal", title: null, sort: null } },
      layer: [
        {
          mark: { type: "bar" },
          encoding: {
            x: { field: "count", type: "quantitative", title: words.page_units_axis, axis: { tickMinStep: 1, tickCount: 8, format: "d" } },
            order: { field: "order" },
            color: {
              field: "grade", type: "nominal", title: null, sort: data.order,
              scale: { domain: data.order, range: data.order.map((_, place) => bands[Math.min(place, 3)]) },
            },
          },
        },
        {
          transform: [{ filter: "datum.count > 0" }, { stack: "count", groupby: ["category"], sort: [{ field: "order" }], as: ["from", "to"] },
            { calculate: "(datum.from + datum.to) / 2", as: "middle" },
            { filter: `datum.count >= ${longest * 0.025}` }], // else the number would not fit into its bar
          mark: { type: "text", color: "#fff", fontSize: 13, fontWeight: 600 },
          encoding: { x: { field: "middle", type: "quantitative" }, text: { field: "count", type: "quantitative" } },
        },
      ],
    });
  }

  function drawDimensions(place, sheet) {
    const rows = [];
    for (const each of sheet.dimensions) {
      if (each.rate !== null) rows.push({ title: each.title, rate: each.rate / 1000, median: each.median_rate / 1000 });
    }
    if (!rows.length) return;
    draw(place, {
      width: wide(place, 900),
      height: 34 * rows.length,
      data: { values: rows },
      encoding: { y: { field: "title", type: "nominal", title: null, sort: null, axis: { labelLimit: 260 } } },
      layer: [
        {
          mark: { type: "bar", height: 16, color: "#4a7fc1" },
          encoding: { x: { field: "rate", type: "quantitative", title: words.page_rate_axis, axis: { format: "%" }, scale: { domain: [0, 1] } } },
        },
        {
          mark: { type: "tick", color: "#a3171d", thickness: 3, size: 26 },
          encoding: { x: { field: "median", type: "quantitative" } },
        },
      ],
    });
  }

  function drawHistory(place, rows) {
    draw(place, {
      width: wide(place, 600),
      height: 160,
      data: { values: rows },
      mark: { type: "line", point: true, color: "#4a7fc1" },
      encoding: {
        x: { field: "year", type: "ordinal", title: null, axis: { labelAngle: 0 } },
        y: { field: "points", type: "quantitative", title: words.heading_total, scale: { zero: false } },
      },
    });
  }

  // ---- league tables: sorted and filtered where they stand
  const tables = [...document.querySelectorAll("table.ranking")];

  function value(row, column, kind) {
    const cell = row.cells[column];
    if (kind === "text") return cell.textContent.trim();
    const given = cell.dataset.value;
    return given === undefined || given === "" ? null : Number(given);
  }

  function compared(one, other) {
    if (one === null || other === null) return (one === null) - (other === null); // nothing comes last, either way
    return typeof one === "string" ? one.localeCompare(other, document.documentElement.lang) : one - other;
  }

  function sort(table, head) {
    const heads = [...head.parentNode.cells];
    const column = heads.indexOf(head);
    const down = head.getAttribute("aria-sort") === "ascending";
    const body = table.tBodies[0];
    const keyed = [...body.rows].map((row) => [value(row, column, head.dataset.key), row]);
    keyed.sort(([one], [other]) => (down && one !== null && other !== null ? compared(other, one) : compared(one, other)));
    for (const each of heads) if (each.dataset.key) each.setAttribute("aria-sort", each === head ? (down ? "descending" : "ascending") : "none");
    body.append(...keyed.map(([, row]) => row));
    filter();
  }

  // Headings are buttons, but on paper, where Chromium repeats a table's head without the buttons in it.
  function headed(table) {
    for (const head of table.tHead.rows[0].cells) {
      if (!head.hasAttribute("aria-sort")) head.setAttribute("aria-sort", "none");
      const button = element("button", { type: "button" }, ...head.childNodes);
      button.addEventListener("click", () => sort(table, head));
      head.replaceChildren(button);
    }
  }

  for (const table of tables) headed(table);

  // Of very many units so many are shown at first in each table, and so many more each time they are asked for.
  let most = data.most;

  function filter() {
    const text = $("search").value.normalize("NFKC").toLowerCase().replace(/\s+/g, "");
    const category = $("category").value;
    const grade = $("grade").value;
    let count = 0;
    for (const league of document.querySelectorAll(".league")) {
      let here = 0;
      for (const row of league.querySelectorAll("tbody tr")) {
        const shown = (!category || league.dataset.category === category) && (!grade || row.dataset.grade === grade) &&
          (!text || row.dataset.search.replace(/\s+/g, "").includes(text));
        row.hidden = !shown || here >= most;
        here += shown;
      }
      league.hidden = !here;
      league.querySelector(".further").hidden = here <= most;
      count += here;
    }
    $("count").textContent = said("page_count", { count });
  }

  for (const id of ["search", "category", "grade"]) $(id).addEventListener("input", filter);
  for (const more of document.querySelectorAll(".further")) {
    more.addEventListener("click", () => {
      most += data.most;
      filter();
    });
  }
  $("filters").addEventListener("submit", (event) => event.preventDefault());

  // ---- a unit's check-up sheet
  const sheets = new Map(Object.entries(data.carried));
  window.kaohe = (more) => Object.entries(more).forEach(([unit, packed]) => sheets.set(unit, packed));

  function fetched(unit) {
    if (sheets.has(unit) || !data.files[unit]) return Promise.resolve();
    return new Promise((done, failed) => {
      const script = element("script", { src: data.files[unit] });
      script.onload = done;
      script.onerror = () => failed(new Error(words.page_no_script_data));
      document.head.append(script);
    });
  }

  async function unpacked(packed) {
    if (!window.DecompressionStream) throw new Error(words.page_not_unpacked);
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  function section(heading, ...children) {
    return element("section", {}, element("h3", {}, heading), ...children);
  }

  function table(caption, headings, rows, numbers) {
    const number = (place) => (numbers.includes(place) ? { class: "number" } : {});
    return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
      element("table", { class: "plain" },
        element("caption", { class: "unseen" }, caption),
        element("thead", {}, element("tr", {}, ...headings.map((text, place) => element("th", { scope: "col", ...number(place) }, text)))),
        element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((text, place) =>
          place === 0 ? element("th", { scope: "row" }, text) : element("td", number(place), text)))))));
  }

  function part(each, open) {
    return element("details", open ? { open: "" } : {},
      element("summary", {}, element("span", {}, each.title, " ", element("span", { class: "above" }, each.above)),
        element("span", { class: "above" }, [each.status, each.of_weight].filter(Boolean).join(" · ")),
        element("span", { class: each.right.startsWith("+") ? "lost gain" : "lost" }, each.right)),
      each.basis ? element("p", { class: "basis" }, each.basis) : null,
      element("ul", { class: "items" }, ...each.items.map((item) => element("li", {},
        item.points ? element("span", { class: item.points.startsWith("+") ? "cost gain" : "cost" }, item.points) : null,
        element("span", {}, item.item), element("span", { class: "said" }, item.said),
        ...(item.records.length ? item.records.map((record) => element("p", { class: "record" }, element("b", {}, record.place), " ", element("span", {}, record.cells)))
          : [element("p", { class: "record" }, element("span", {}, words.explain_no_record))])))));
  }

  function heatMap(rows) {
    const months = [...Array(12).keys()].map((place) => said("page_month", { month: place + 1 }));
    return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": words.page_months },
      element("table", { class: "map" },
        element("caption", { class: "unseen" }, words.page_months),
        element("thead", {}, element("tr", {}, element("th", { scope: "col" }, words.heading_system), ...months.map((month) => element("th", { scope: "col" }, month)))),
        element("tbody", {}, ...rows.map((row) => element("tr", {}, element("th", { scope: "row" }, row.title), ...row.cells.map((cell) => {
          if (!cell) return element("td", { class: "nil" }, element("span", { class: "unseen" }, words.page_nothing_due));
          const kind = cell.rate >= 1000 ? "full" : cell.rate >= 900 ? "near" : cell.rate > 0 ? "part" : "none";
          return element("td", { class: kind, title: cell.text }, `${Math.floor(cell.rate / 10)}%`);
        }))))));
  }

  function built(sheet) {
    const back = element("button", { type: "button", class: "plain", id: "back" }, words.page_back);
    back.addEventListener("click", () => { location.hash = ""; });
    const print = element("button", { type: "button", class: "plain" }, words.page_print);
    print.addEventListener("click", () => window.print());
    const chart = element("div", { class: "chart", "aria-hidden": "true" });
    const history = element("div", { class: "chart", "aria-hidden": "true" });
    const parts = [
      element("div", { class: "head" }, element("h2", { tabindex: "-1", id: "sheet-title" }, sheet.name), element("span", { class: "hint" }, sheet.category),
        element("div", { class: "tools" }, back, print)),
      element("div", { class: "tiles" }, element("dl", {}, ...sheet.facts.map(([heading, text]) =>
        element("div", {}, element("dt", {}, heading), element("dd", {}, element("b", {}, text)))))),
      element("ul", { class: "reasons" }, ...sheet.reasons.map((reason) => element("li", {}, reason))),
      section(words.page_dimensions, chart,
        table(words.page_dimensions,
          [words.heading_dimension, words.heading_effective_weight, words.heading_points, words.heading_lost, words.page_unit_rate, words.page_median],
          sheet.dimensions.map((each) => [each.title, each.weight, each.points, each.lost, each.rate_text, `${each.median} (${each.median_rate_text})`]), [1, 2, 3, 4, 5])),
      section(words.page_losses, ...(sheet.losses.length ? sheet.losses.map((each, place) => part(each, place < 3)) : [element("p", { class: "hint" }, words.page_no_losses)])),
    ];
    if (sheet.extras.length) parts.push(section(words.page_extras, ...sheet.extras.map((each) => part(each, true))));
    parts.push(section(words.page_months, element("p", { class: "hint" }, sheet.months.length ? words.page_months_note : words.page_no_months),
      sheet.months.length ? heatMap(sheet.months) : null));
    if (sheet.history.length) {
      parts.push(section(words.page_history, history,
        table(words.page_history, [words.heading_year_assessed, words.heading_total, words.heading_rank, words.heading_grade],
          sheet.history.map((each) => [each.year, each.total, each.rank, each.grade]), [1, 2])));
    }
    if (sheet.alerts.length) {
      parts.push(section(words.page_alerts_of_unit, element("ul", {}, ...sheet.alerts.map((alert) =>
        element("li", {}, element("span", { class: `level ${alert.level}` }, alert.called), " ", alert.title, " ", element("span", { class: "hint" }, alert.sentence))))));
    }
    if (sheet.warnings.length) {
      parts.push(section(words.page_warnings_of_unit, element("ul", {}, ...sheet.warnings.map((each) =>
        element("li", {}, each.sentence, " ", element("span", { class: "hint" }, `${each.table} · ${each.places.join(" / ")}`))))));
    }
    if (sheet.unscored.length) {
      parts.push(section(words.page_unscored, element("ul", {}, ...sheet.unscored.map((each) =>
        element("li", {}, each.title, " ", element("span", { class: "hint" }, [each.status, each.rule].filter(Boolean).join(" · ")))))));
    }
    $("sheet").replaceChildren(...parts);
    return { chart, history };
  }

  let left = 0; // where the reader was in the overview

  function decoded(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text; // somebody typed it; it is nobody's
    }
  }

  async function show() {
    const asked = /^#unit=(.+)$/.exec(location.hash);
    if (!asked) {
      const unit = $("sheet").dataset.unit;
      $("sheet").hidden = true;
      $("overview").hidden = false;
      document.title = title;
      if (unit) {
        window.scrollTo(0, left);
        document.querySelector(`tr[data-unit="${CSS.escape(unit)}"] a`)?.focus({ preventScroll: true });
        delete $("sheet").dataset.unit;
      }
      return;
    }
    const unit = decoded(asked[1]);
    if ($("sheet").hidden) left = window.scrollY;
    $("sheet").dataset.unit = unit;
    let sheet = null;
    try {
      await fetched(unit);
      sheet = await unpacked(sheets.get(unit));
    } catch (problem) {
      $("sheet").replaceChildren(element("p", { class: "warn", role: "alert" }, sheets.has(unit) ? problem.message : words.page_no_script_data));
    }
    if ($("sheet").dataset.unit !== unit) return; // another was asked for meanwhile
    const charts = sheet && built(sheet);
    $("overview").hidden = true;
    $("sheet").hidden = false;
    window.scrollTo(0, 0);
    if (!sheet) return;
    document.title = `${sheet.name} · ${title}`;
    $("sheet-title").focus({ preventScroll: true });
    drawDimensions(charts.chart, sheet);
    if (sheet.history.length) drawHistory(charts.history, sheet.history);
  }

  window.addEventListener("hashchange", show);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !$("sheet").hidden) location.hash = "";
  });

  // On paper everything is there and open.
  let closed = [];
  let before = most;
  window.addEventListener("beforeprint", () => {
    before = most;
    most = Infinity;
    filter();
    for (const button of document.querySelectorAll("thead th button")) button.replaceWith(...button.childNodes);
    const shown = $("sheet").hidden ? $("overview") : $("sheet");
    closed = [...shown.querySelectorAll("details:not([open])")];
    for (const each of closed) each.open = true;
  });
  window.addEventListener("afterprint", () => {
    most = before;
    filter();
    for (const table of tables) headed(table);
    for (const each of closed) each.open = false;
  });

  filter();
  drawGrades();
  show();
})();
