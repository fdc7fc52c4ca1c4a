// Pass rates from pasted text: one prompt a line, with a header line or without.
"use strict";
const PastedRates = (() => {
  const LARGEST = 20000;

  // The cells of a line; a cell in double quotes may hold the separator.
  function cells(line, separator) {
    const found = [];
    let cell = "", quoted = false;
    for (const letter of line) {
      if (letter === '"') quoted = !quoted;
      else if (letter === separator && !quoted) { found.push(cell.trim()); cell = ""; }
      else cell += letter;
    }
    return [...found, cell.trim()];
  }

  // A number written as 0.25, 0,25 or 25%; NaN for anything else. Groups of three after commas are thousands where whole
  // numbers are asked for.
  function number(text, whole = false) {
    const bare = text.trim();
    if (whole && /^[+-]?\d{1,3}(,\d{3})+$/.test(bare)) return Number(bare.replaceAll(",", ""));
    const found = /^([+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:e[+-]?\d+)?)\s*(%?)$/i.exec(bare);
    return found ? Number(found[1].replace(",", ".")) / (found[2] ? 100 : 1) : NaN;
  }

  // A number as above, or a share written as 2/8.
  function rate(text) {
    const parts = text.split("/");
    if (parts.length > 2) return NaN;
    return parts.length === 2 ? number(parts[0]) / number(parts[1]) : number(parts[0]);
  }

  // Lines such as 0,5 with one comma between digits and nothing else: decimal commas, not two columns.
  const DECIMAL_COMMA = /^\uFEFF?\s*\d*,\d+\s*%?\s*$/;

  const shown = (text) => (text === "" ? "nothing" : `“${text.length > 30 ? text.slice(0, 30) + "…" : text}”`);

  class Fault extends Error {}

  // Which column holds what: by the header's names, or the first two columns where there is no header.
  function columns(header) {
    const place = (name) => header.indexOf(name);
    const known = { rate: place("pass_rate"), right: place("successes"), all: place("rollouts"), diversity: place("diversity") };
    if (known.rate >= 0 || (known.right >= 0 && known.all >= 0)) return known;
    throw new Fault(`Line 1: a header must name pass_rate, or successes and rollouts; found ${shown(header.join(", "))}.`);
  }

  function unit(text, name, line) {
    const value = rate(text);
    if (value >= 0 && value <= 1) return value;
    const pair = /^(\d+),(\d+)$/.exec(text.trim());
    const meant = pair ? ` A comma is read as a decimal point: write ${pair[1]}/${pair[2]} for ${pair[1]} of ${pair[2]}, or a header successes,rollouts.` : "";
    throw new Fault(`Line ${line}: ${name} must be a number from 0 to 1, such as 0.25 or 2/8; found ${shown(text)}.${meant}`);
  }

  function row(line, number, separator, known) {
    const found = cells(line, separator);
    const cell = (place) => found[place] ?? "";
    const text = known.rate >= 0 ? cell(known.rate) : `${cell(known.right)}/${cell(known.all)}`;
    const read = { rate: unit(text, known.rate >= 0 ? "a pass rate" : "successes/rollouts", number) };
    const second = known.diversity >= 0 && (known.named || found.length > 1);
    if (second) read.diversity = unit(cell(known.diversity), "a diversity", number);
    return read;
  }

  // Returns {rates, diversities} (diversities null where there are none), or {fault} with what to correct.
  function parse(text) {
    const lines = text.split(/\r\n|\r|\n/).map((line, index) => ({ text: line, number: index + 1 }));
    const filled = lines.filter((line) => line.text.trim() !== "");
    try {
      if (filled.length === 0) throw new Fault("Paste at least one pass rate: one prompt a line, such as 0.25 or 2/8.");
      const commas = filled.every((line) => DECIMAL_COMMA.test(line.text));
      const separator = commas ? ";" : ["\t", ";", ","].find((letter) => filled[0].text.includes(letter)) ?? ",";
      const first = cells(filled[0].text.replace(/^\uFEFF/, ""), separator);
      const named = first.every((cell) => /^[A-Za-z_]/.test(cell));
      const known = named ? columns(first.map((cell) => cell.toLowerCase().replaceAll(" ", "_"))) : { rate: 0, diversity: 1 };
      const body = (named ? filled.slice(1) : filled);
      if (body.length === 0) throw new Fault("There is a header but no line with a pass rate below it.");
      if (body.length > LARGEST) throw new Fault(`At most ${LARGEST} prompts can be read; found ${body.length}.`);
      const rows = body.map((line) => row(line.text.replace(/^\uFEFF/, ""), line.number, separator, { ...known, named }));
      const some = rows.findIndex((read) => (read.diversity === undefined) !== (rows[0].diversity === undefined));
      if (some >= 0) throw new Fault(`Line ${body[some].number}: every line or none must give a diversity.`);
      const diversities = rows[0].diversity === undefined ? null : rows.map((read) => read.diversity);
      return { rates: rows.map((read) => read.rate), diversities };
    } catch (error) {
      if (error instanceof Fault) return { fault: error.message };
      throw error;
    }
  }

  return { parse, number };
})();
