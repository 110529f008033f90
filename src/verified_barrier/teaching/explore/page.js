"use strict";
// The page looks up what can happen, and shows it. What it knows is in the element "known".
(() => {
  const known = JSON.parse(document.getElementById("known").textContent);
  const $ = (id) => document.getElementById(id);
  const value = Object.fromEntries([...known.digits].map((digit, number) => [digit, number]));
  const number = (text, at, width) => {
    let sum = 0;
    for (let n = 0; n < width; n++) sum = sum * known.digits.length + value[text[at + n]];
    return sum;
  };

  // Make an element: its attributes, and what is in it.
  const make = (tag, attributes = {}, ...inside) => {
    const element = document.createElement(tag);
    for (const [name, says] of Object.entries(attributes)) {
      if (says !== null && says !== false) element.setAttribute(name, says);
    }
    element.append(...inside);
    return element;
  };

  // A name that may be broken before each of its words.
  const broken = (name) =>
    name.split(/(?=[A-Z])/).flatMap((word, n) => (n ? [make("wbr"), word] : [word]));

  // A barrier of one size: its nodes, by number.
  const unpack = (barrier, key) => {
    const packed = barrier.sizes[key];
    const threads = Number(key.split("-")[1]);
    const width = 5 + threads;
    const nodes = [];
    let at = 0;
    for (let start = 0; start < packed.nodes.length; start += width) {
      const digit = (place, digits = 1) => number(packed.nodes, start + place, digits);
      const choices = packed.choices[digit(3, 2)];
      nodes.push({
        phase: barrier.phases[digit(0)],
        arrived: digit(1),
        lamps: packed.lamps[digit(2)],
        choices,
        moves: at,
        threads: Array.from({ length: threads }, (_, slot) => packed.threads[digit(5 + slot)]),
      });
      at += choices.length;
    }
    return { nodes, moves: packed.moves, width: packed.width, orders: known.orders[threads], threads };
  };

  const controls = Object.fromEntries(known.controls.map((control) => [control.key, control]));
  const names = known.lamps.map(([name]) => name);

  let barrier, sizeKey, graph; // what is looked at
  let steps = []; // the run, with what was undone; each with the position it leads to
  let at = 0; // how many of the steps have been taken
  let chosen = 0; // the thread that the keys are for
  let task = 0; // the challenge
  let mine = null; // the run that was there before a solution was shown
  let pointer = null; // where it is
  let rest = null; // where it was at the last step, until it leaves there

  const startPosition = () => ({ node: 0, slots: Array.from({ length: graph.threads }, (_, n) => n) });
  const positionAt = (count) => (count ? steps[count - 1].position : startPosition());
  const now = () => positionAt(at);

  // What is to be seen, with the threads in their own order.
  const sceneAt = (position) => {
    const node = graph.nodes[position.node];
    return {
      phase: node.phase,
      arrived: node.arrived,
      lamps: node.lamps.map((lamp) => names[lamp]),
      threads: position.slots.map((slot) => {
        const [location, outcome, index] = node.threads[slot];
        return { location, outcome, index };
      }),
    };
  };

  // What can happen: an action, its control, the thread that takes it, and where it leads.
  const possible = (position) => {
    const node = graph.nodes[position.node];
    return node.choices.map(([action, slot], choice) => {
      const place = (node.moves + choice) * (graph.width + 1);
      const order = graph.orders[number(graph.moves, place + graph.width, 1)];
      return {
        action: barrier.actions[action][0],
        control: barrier.actions[action][1],
        thread: slot < 0 ? null : position.slots.indexOf(slot),
        position: {
          node: number(graph.moves, place, graph.width),
          slots: position.slots.map((slot) => order[slot]),
        },
      };
    });
  };
  const choicesOf = (position, control, thread) =>
    possible(position).filter((move) => move.control === control && move.thread === thread);

  const whyNot = (control, thread) => {
    const scene = sceneAt(now());
    const location = thread === null ? "" : scene.threads[thread].location;
    const reason = barrier.reasons[control][location];
    return typeof reason === "string" ? reason : reason[scene.phase];
  };

  // A run in the address: for each step its control, its thread, and which of several choices.
  const inShort = (count) =>
    steps
      .slice(0, count)
      .map((step, n) => {
        const choices = choicesOf(positionAt(n), step.control, step.thread);
        const place = choices.findIndex((choice) => choice.action === step.action);
        return `${step.control}${step.thread === null ? "" : step.thread + 1}${place ? `-${place + 1}` : ""}`;
      })
      .join(".");

  // The steps of a run in the address, as far as they are possible, and what is wrong with the rest.
  const readRun = (text) => {
    const found = [];
    for (const word of text ? text.split(".") : []) {
      const position = found.length ? found[found.length - 1].position : startPosition();
      const parts = /^([a-z])([1-4])?(?:-([1-9]))?$/.exec(word);
      const choices = parts ? choicesOf(position, parts[1], parts[2] ? parts[2] - 1 : null) : [];
      const step = choices[(parts && parts[3] ? parts[3] : 1) - 1];
      if (!step) return { found, wrong: `step ${found.length + 1}, “${word}”, is not possible there` };
      found.push(step);
    }
    return { found, wrong: null };
  };

  const address = () => {
    const run = inShort(at);
    return `#barrier=${barrier.key}&size=${sizeKey}${run ? `&run=${run}` : ""}`;
  };

  const who = (thread) => `t${thread + 1}`;
  const inWords = (step) => `${step.thread === null ? "somebody" : who(step.thread)}: ${step.action}`;
  const says = (text, refused = false) => {
    $("status").textContent = text;
    $("status").classList.toggle("refused", refused);
  };

  // The first step after which a property did not hold.
  const firstViolation = (name) => {
    for (let count = 0; count <= at; count++) {
      if (sceneAt(positionAt(count)).lamps.includes(name)) return count;
    }
    return null;
  };

  // What the user does.

  const take = (step) => {
    steps = [...steps.slice(0, at), step];
    at += 1;
    if (step.thread !== null) chosen = step.thread;
    rest = pointer;
    arrive();
  };

  const press = (control, thread, choice = 0) => {
    const choices = choicesOf(now(), control, thread);
    const step = choices[choice] ?? choices[0];
    if (step) return take(step);
    const subject = thread === null ? "Nobody" : who(thread);
    const can = thread === null ? "can" : "cannot";
    return says(`${subject} ${can} ${controls[control].does} now: ${whyNot(control, thread)}.`, true);
  };

  const go = (count) => {
    if (count < 0 || count > steps.length || count === at) {
      return says(count < 0 ? "This is the start of the run." : "There is nothing to redo.", true);
    }
    at = count;
    return arrive();
  };

  // Say where the run is, and show it.
  const arrive = () => {
    const scene = sceneAt(now());
    const before = at ? sceneAt(positionAt(at - 1)) : null;
    const lit = scene.lamps.filter((name) => !before || !before.lamps.includes(name));
    const thread = at ? steps[at - 1].thread : null;
    says(
      [
        at ? `Step ${at}, ${inWords(steps[at - 1])}.` : "The start.",
        `${scene.phase}, ${barrier.words.arrived} ${scene.arrived} of ${partiesOf(sizeKey)}.`,
        thread === null ? "" : `${who(thread)} is at ${scene.threads[thread].location}.`,
        lit.length ? `Broken now: ${lit.join(", ")}.` : "",
        at && metAt() === at ? "The challenge is met." : "",
      ]
        .filter(Boolean)
        .join(" "),
    );
    show();
  };

  const partiesOf = (key) => Number(key.split("-")[0]);
  const challenge = () => barrier.challenges[task];
  // After how many steps the challenge was met.
  const metAt = () => {
    const wanted = challenge().violates === null ? names : [challenge().violates];
    const found = wanted.map(firstViolation).filter((count) => count !== null);
    return found.length ? Math.min(...found) : null;
  };

  // What is shown.

  const show = () => {
    const scene = sceneAt(now());
    const before = at ? sceneAt(positionAt(at - 1)) : scene;
    $("phase").textContent = scene.phase;
    $("arrived").textContent = `${barrier.words.arrived} ${scene.arrived} of ${partiesOf(sizeKey)}`;
    showButtons($("barrier-controls"), null);
    scene.threads.forEach((thread, n) => showLane(n, thread));
    for (const [id, can] of [["undo", at > 0], ["redo", at < steps.length], ["restart", at > 0]]) {
      $(id).setAttribute("aria-disabled", String(!can));
    }
    showDiagram(scene, before);
    showLamps(scene);
    showState(scene, before);
    showRun();
    showChallenges();
    $("link").setAttribute("href", address());
    if (location.hash !== address()) history.replaceState(null, "", address());
  };

  const showLane = (n, thread) => {
    const lane = $(`lane-${n}`);
    lane.classList.toggle("chosen", n === chosen);
    lane.querySelector(".where").textContent = thread.location;
    lane.querySelector(".what").textContent = [
      thread.outcome,
      thread.index === null ? null : `index ${thread.index}`,
    ]
      .filter(Boolean)
      .join(", ");
    const line = barrier.places[`${thread.location}/${thread.outcome}`] ?? barrier.places[thread.location];
    lane.querySelectorAll(".code li").forEach((item, place) => {
      item.classList.toggle("current", place === line);
      if (place === line) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    });
    lane.querySelector(".hint").textContent = "";
    showButtons(lane.querySelector(".controls"), n);
  };

  // Of each control one button, which stays; and one more for each further choice.
  const showButtons = (toolbar, thread) => {
    for (const extra of toolbar.querySelectorAll(".further")) extra.remove();
    for (const button of [...toolbar.querySelectorAll("button")]) {
      const control = button.dataset.control;
      const choices = choicesOf(now(), control, thread);
      fill(button, control, thread, choices[0]);
      choices.slice(1).forEach((choice, place) => {
        const further = make("button", {
          type: "button", class: "further", "data-control": control, "data-choice": place + 1, tabindex: -1,
        });
        fill(further, control, thread, choice, "Shift+");
        button.after(further);
      });
    }
  };

  const fill = (button, control, thread, choice, shift = "") => {
    const { label, key } = controls[control];
    const reason = choice ? "" : whyNot(control, thread);
    button.setAttribute("aria-disabled", String(!choice));
    button.setAttribute("aria-keyshortcuts", shift + key);
    button.dataset.reason = reason;
    button.replaceChildren(
      make("span", { class: "name" }, label, make("kbd", { "aria-hidden": "true" }, shift ? key.toUpperCase() : key)),
      choice
        ? make("span", { class: "takes mono" }, ...broken(choice.action))
        : make("span", { class: "unseen" }, `not now: ${reason}`),
    );
  };

  const showDiagram = (scene, before) => {
    const step = `${before.phase}>${scene.phase}`;
    const present = new Set(graph.nodes.map((node) => node.phase));
    for (const box of $("diagram").querySelectorAll(".phase")) {
      box.classList.toggle("lit", box.dataset.phase === scene.phase);
      box.classList.toggle("absent", !present.has(box.dataset.phase));
    }
    for (const arrow of $("diagram").querySelectorAll(".arrow")) {
      arrow.classList.toggle("lit", arrow.dataset.arrow === step);
      arrow.classList.toggle("absent", arrow.dataset.arrow.split(">").some((end) => !present.has(end)));
    }
    $("diagram-says").textContent = `The phase is ${scene.phase}; the last step came from ${before.phase}.`;
  };

  const showLamps = (scene) => {
    $("lamps").replaceChildren(
      ...known.lamps.map(([name, meaning]) => {
        const first = firstViolation(name);
        const broken = scene.lamps.includes(name);
        return make(
          "li",
          { class: broken ? "broken" : first !== null ? "was" : "", "data-lamp": name },
          make("span", { class: "bulb", "aria-hidden": "true" }),
          make("span", {}, name),
          make("span", { class: "verdict" }, first === null ? "holds" : `broken at step ${first}`),
          make("span", { class: "meaning" }, meaning),
        );
      }),
    );
  };

  const showState = (scene, before) => {
    const cell = (value, old, span = 1) => {
      const changed = value !== old;
      const text = value === null ? "–" : String(value);
      const data = make("td", { colspan: span, class: changed ? "changed" : null }, text);
      if (changed) {
        data.append(
          make("span", { class: "before" }, make("span", { class: "unseen" }, "before: "), old === null ? "–" : String(old)),
        );
      }
      return data;
    };
    const head = (text, scope) => make("th", { scope }, text);
    const span = scene.threads.length;
    const row = (name, property) =>
      make(
        "tr", {}, head(name, "row"),
        ...scene.threads.map((thread, n) => cell(thread[property], before.threads[n][property])),
      );
    $("state").replaceChildren(
      make("caption", { class: "unseen" }, "The variables; what the last step has changed is marked"),
      make(
        "tbody", {},
        make("tr", {}, head(barrier.words.phase, "row"), cell(scene.phase, before.phase, span)),
        make("tr", {}, head(barrier.words.arrived, "row"), cell(scene.arrived, before.arrived, span)),
        make("tr", {}, make("td"), ...scene.threads.map((_, n) => head(who(n), "col"))),
        row(barrier.words.location, "location"), row("outcome", "outcome"), row("index", "index"),
      ),
    );
  };

  const showRun = () => {
    const columns = ["step", ...Array.from({ length: graph.threads }, (_, n) => who(n)), "barrier"];
    const scenes = [startPosition(), ...steps.map((step) => step.position)].map(sceneAt);
    $("run").style.setProperty("--threads", graph.threads);
    $("run").replaceChildren(
      make("caption", { class: "unseen" }, "The run: a row for each step, a column for each thread"),
      make("thead", {}, make("tr", {}, ...columns.map((name) => make("th", { scope: "col" }, name)))),
      make("tbody", {}, ...scenes.map((scene, n) => runRow(n, scene, scenes[n - 1]))),
    );
  };

  const runRow = (n, scene, before) => {
    const step = steps[n - 1];
    const goes = make("button", { type: "button", "data-step": n, "aria-label": n ? `go to step ${n}` : "go to the start" }, String(n));
    if (n === at) goes.setAttribute("aria-current", "step");
    const mover = step ? step.thread : null;
    // A wire leads to the barrier where the step changes more than the thread that takes it.
    const wired =
      mover !== null &&
      (before.phase !== scene.phase ||
        before.arrived !== scene.arrived ||
        scene.threads.some((thread, other) => other !== mover && String(Object.values(thread)) !== String(Object.values(before.threads[other]))));
    const cells = scene.threads.map((thread, other) => {
      const kind = !wired ? null : other === mover ? "from" : other > mover ? "wire" : null;
      const cell = make("td", { class: kind });
      if (step && other === mover) cell.append(make("span", { class: "chip mono" }, ...broken(step.action)));
      const was = before && before.threads[other];
      const effect = !was
        ? null
        : was.outcome !== thread.outcome && thread.outcome !== null
          ? [thread.outcome, thread.index].filter((part) => part !== null).join(" ")
          : was.location !== thread.location && other !== mover
            ? thread.location
            : null;
      if (effect !== null) cell.append(make("span", { class: "effect" }, effect));
      return cell;
    });
    const barrierCell = make("td", { class: wired ? "to" : null });
    if (step && step.thread === null) barrierCell.append(make("span", { class: "chip mono" }, ...broken(step.action)));
    if (!before || before.phase !== scene.phase || before.arrived !== scene.arrived) {
      barrierCell.append(make("span", { class: "barrier" }, `${scene.phase} ${scene.arrived}`));
    }
    const lit = scene.lamps.filter((name) => !before || !before.lamps.includes(name));
    if (lit.length) barrierCell.append(make("span", { class: "alarm" }, "broken: ", ...broken(lit.join(", "))));
    return make("tr", { class: n === at ? "here" : n > at ? "later" : null }, make("th", { scope: "row" }, goes), ...cells, barrierCell);
  };

  const showChallenges = () => {
    const focused = document.activeElement && document.activeElement.id;
    const solution = challenge().solutions[sizeKey];
    const met = metAt();
    const shortest = solution === null ? null : solution.split(".").length;
    const verdict = met !== null
      ? `✓ Met, in ${met} steps${met > shortest ? `; the shortest run takes ${shortest}` : ""}.`
      : solution === null
        ? `Not met; and there is no run that meets it at this size: all ${graph.nodes.length} situations were searched.`
        : "Not met yet.";
    const buttons = make("div", { class: "steps" });
    if (solution !== null) {
      buttons.append(make("button", { type: "button", id: "solve" }, "Show the shortest solution"));
    } else if (sizeKey !== challenge().size && challenge().solutions[challenge().size]) {
      buttons.append(make("button", { type: "button", id: "resize" }, `Take ${barrier.sizes[challenge().size].words}`));
    }
    if (mine !== null) buttons.append(make("button", { type: "button", id: "mine" }, "Back to my run"));
    $("challenges").replaceChildren(
      ...barrier.challenges.map((one, n) =>
        make(
          "label", { class: "task" },
          ...(barrier.challenges.length > 1
            ? [make("input", { type: "radio", name: "task", id: `task-${n}`, value: n, ...(n === task ? { checked: "" } : {}) })]
            : []),
          one.title,
        ),
      ),
      make("p", { class: met !== null ? "verdict met" : "verdict", id: "verdict" }, verdict),
      buttons,
    );
    if (focused && $(focused) && document.activeElement !== $(focused)) $(focused).focus();
  };

  // What is chosen to be looked at.

  const look = (key, size) => {
    barrier = known.barriers.find((one) => one.key === key) ?? known.barriers[0];
    sizeKey = size in barrier.sizes ? size : barrier.challenges[0].size;
    graph = unpack(barrier, sizeKey);
    steps = [];
    at = 0;
    chosen = 0;
    mine = null;
    task = Math.max(0, barrier.challenges.findIndex((one) => one.solutions[sizeKey]));
    showChoice();
    build();
  };

  const showChoice = () => {
    const all = Object.keys(barrier.sizes);
    const parts = sizeKey.split("-");
    $("barrier").replaceChildren(
      ...known.barriers.map((one) => make("option", { value: one.key, ...(one === barrier ? { selected: "" } : {}) }, one.title)),
    );
    [["parties", 0], ["threads", 1], ["action", 2]].forEach(([id, place]) => {
      const values = place === 2 ? ["plain", "action"] : ["1", "2", "3", "4"];
      $(id).replaceChildren(
        ...values.map((value) => {
          const offered = all.some((key) => key.split("-")[place] === value);
          const text = place === 2 ? { plain: "no", action: "yes" }[value] : value;
          return make(
            "option",
            { value, ...(offered ? {} : { disabled: "" }), ...(parts[place] === value ? { selected: "" } : {}) },
            offered ? text : `${text} (not with this barrier)`,
          );
        }),
      );
    });
    $("story").textContent = barrier.story;
    $("offered").textContent = barrier.offered;
    $("changed").hidden = !barrier.changed;
    if (barrier.changed) {
      $("changed").querySelector("summary").textContent = `What was changed: ${barrier.changed.action}`;
      showDifference($("ours"), barrier.changed.ours, barrier.changed.theirs);
      showDifference($("theirs"), barrier.changed.theirs, barrier.changed.ours);
    }
  };

  // A text, with the lines marked that another has not.
  const showDifference = (element, text, other) => {
    const lines = other.split("\n");
    element.replaceChildren(
      ...text.trimEnd().split("\n").flatMap((line) => [
        lines.includes(line) ? line : make("mark", {}, line), "\n",
      ]),
    );
  };

  // Make what stays while a run goes on.
  const build = () => {
    const button = (control) => make("button", { type: "button", "data-control": control.key, tabindex: -1 });
    const bar = $("barrier-controls");
    bar.replaceChildren(...known.controls.filter((control) => !control.ofThread).map(button));
    bar.querySelector("button").tabIndex = 0;
    $("lanes").style.setProperty("--threads", graph.threads);
    $("lanes").replaceChildren(
      ...Array.from({ length: graph.threads }, (_, n) => {
        const toolbar = make(
          "div", { class: "controls", role: "toolbar", "aria-label": who(n), "data-thread": n },
          ...known.controls.filter((control) => control.ofThread).map(button),
        );
        toolbar.querySelector("button").tabIndex = 0;
        return make(
          "section", { class: "lane", id: `lane-${n}`, "aria-labelledby": `lane-title-${n}` },
          make("h3", { id: `lane-title-${n}` }, who(n), make("span", { class: "where" }), make("span", { class: "what" })),
          make(
            "ol", { class: "code mono", "aria-label": `wait(), from ${barrier.words.source}` },
            ...barrier.code.map(([line, text]) =>
              text
                ? make("li", {}, make("span", { class: "number", "aria-hidden": "true" }, line === null ? "" : String(line)), make("span", { title: text.trim() }, text))
                : make("li", { class: "elided", "aria-hidden": "true" }, make("span", { class: "number" }), make("span", {}, "\t…")),
            ),
          ),
          toolbar,
          make("p", { class: "hint", "aria-hidden": "true" }),
        );
      }),
    );
    $("diagram").innerHTML = barrier.diagram;
    showLegend();
    showCode();
  };

  const showLegend = () => {
    const last = graph.threads === 1 ? [] : ["–", make("kbd", {}, graph.threads)];
    $("legend").replaceChildren(
      make("kbd", {}, 1), ...last, " a thread",
      ...known.controls.flatMap((control) => [", ", make("kbd", {}, control.key), ` ${control.does}`]),
    );
  };

  const showCode = () => {
    for (const code of document.querySelectorAll(".code")) code.hidden = !$("show-code").checked;
  };

  const readAddress = () => {
    const wanted = new URLSearchParams(location.hash.slice(1));
    look(wanted.get("barrier"), wanted.get("size"));
    const { found, wrong } = readRun(wanted.get("run"));
    steps = found;
    at = found.length;
    choseLast();
    arrive();
    if (wrong) says(`The address holds a run that cannot be: ${wrong}. It is shown as far as it can be.`, true);
    else if (wanted.get("barrier") && barrier.key !== wanted.get("barrier")) {
      says(`There is no barrier “${wanted.get("barrier")}”.`, true);
    } else if (wanted.get("size") && sizeKey !== wanted.get("size")) {
      says(`The size “${wanted.get("size")}” is not offered with this barrier.`, true);
    }
  };

  const showSolution = () => {
    if (mine === null) mine = { steps, at };
    steps = readRun(challenge().solutions[sizeKey]).found;
    at = steps.length;
    choseLast();
    arrive();
  };

  // The keys are for the thread that has moved last.
  const choseLast = () => {
    const last = steps.slice(0, at).findLast((step) => step.thread !== null);
    if (last) chosen = last.thread;
  };

  // What the user touches.

  const toolbarOf = (target) => target.closest("[role=toolbar]");
  const threadOf = (toolbar) => (toolbar && toolbar.dataset.thread ? Number(toolbar.dataset.thread) : null);

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { control, choice, step } = button.dataset;
    if (control) {
      const thread = threadOf(toolbarOf(button));
      if (thread !== null) chosen = thread;
      press(control, thread, Number(choice ?? 0));
    } else if (step) {
      go(Number(step));
      document.querySelector(`#run [data-step="${step}"]`).focus();
    } else if (button.id === "undo") go(at - 1);
    else if (button.id === "redo") go(at + 1);
    else if (button.id === "restart") at ? go(0) : go(-1);
    else if (button.id === "solve") showSolution();
    else if (button.id === "resize") change(barrier.key, challenge().size);
    else if (button.id === "mine") {
      ({ steps, at } = mine);
      mine = null;
      arrive();
    } else if (button.id === "theme") setTheme(button.textContent.toLowerCase());
  });

  const change = (key, size) => {
    const wanted = task;
    look(key, size);
    if (barrier.challenges[wanted] && barrier.challenges[wanted].solutions[sizeKey]) task = wanted;
    arrive();
  };

  $("choice").addEventListener("change", (event) => {
    if (event.target.id === "barrier") return change(event.target.value, sizeKey);
    const wanted = [$("parties").value, $("threads").value, $("action").value];
    const place = ["parties", "threads", "action"].indexOf(event.target.id);
    // The size that is wanted; where it is not offered, one that has what was chosen and is most like it.
    const unlike = (key) => key.split("-").filter((part, n) => part !== wanted[n]).length;
    const size = Object.keys(barrier.sizes)
      .filter((key) => key.split("-")[place] === wanted[place])
      .reduce((best, key) => (unlike(key) < unlike(best) ? key : best));
    change(barrier.key, size);
    if (size !== wanted.join("-")) says(`That size is not offered with this barrier. This is ${barrier.sizes[size].words}.`);
  });
  $("challenge").addEventListener("change", (event) => {
    task = Number(event.target.value);
    show();
  });
  $("show-code").addEventListener("change", showCode);

  // Why not, where the pointer or the focus is.
  const hint = (event) => {
    const button = event.target.closest("button");
    const lane = event.target.closest(".lane");
    if (lane) lane.querySelector(".hint").textContent = button ? button.dataset.reason : "";
  };
  $("lanes").addEventListener("focusin", hint);

  // A button that greys under the pointer was not refused: who rests there after a step asks nothing.
  addEventListener("pointermove", (event) => {
    pointer = [event.clientX, event.clientY];
    const [x, y] = rest ?? [-Infinity, -Infinity];
    if (Math.hypot(pointer[0] - x, pointer[1] - y) < 8) return;
    rest = null;
    if (event.target.closest("#lanes")) hint(event);
  });

  // In a toolbar, one button is in the tab order, and the arrows move between them.
  document.addEventListener("focusin", (event) => {
    const toolbar = event.target.matches("[role=toolbar] [data-control]") && toolbarOf(event.target);
    if (!toolbar) return;
    for (const button of toolbar.querySelectorAll("button")) button.tabIndex = button === event.target ? 0 : -1;
    const thread = threadOf(toolbar);
    if (thread !== null) choose(thread);
  });

  const choose = (thread) => {
    chosen = thread;
    document.querySelectorAll(".lane").forEach((lane, n) => lane.classList.toggle("chosen", n === chosen));
  };

  const moves = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.metaKey || event.target.matches("select, input, textarea")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const toolbar = toolbarOf(event.target);
    if (key in moves && toolbar && event.target.matches("button")) {
      const buttons = [...toolbar.querySelectorAll("button")];
      buttons[(buttons.indexOf(event.target) + moves[key] + buttons.length) % buttons.length].focus();
      event.preventDefault();
      return;
    }
    if (event.ctrlKey ? key !== "z" && key !== "y" : !$("use-keys").checked) return;
    const done = { z: () => go(at + (event.ctrlKey && event.shiftKey ? 1 : -1)), y: () => go(at + 1), Home: () => go(at ? 0 : -1) };
    if (key in done) done[key]();
    else if (/^[1-4]$/.test(key) && Number(key) <= graph.threads) {
      const first = $(`lane-${Number(key) - 1}`).querySelector("button[aria-disabled=false]");
      choose(Number(key) - 1);
      (first ?? $(`lane-${Number(key) - 1}`).querySelector("button")).focus();
    } else if (key in controls) press(key, controls[key].ofThread ? chosen : null, Number(event.shiftKey));
    else return;
    event.preventDefault();
  });

  // Where there is more to the right, the edge fades.
  for (const scroller of document.querySelectorAll(".scroll")) {
    const look = () => {
      const hidden = scroller.scrollWidth - scroller.clientWidth - scroller.scrollLeft;
      scroller.classList.toggle("more", hidden > 1);
    };
    scroller.addEventListener("scroll", look);
    const resized = new ResizeObserver(look);
    for (const element of [scroller, scroller.firstElementChild]) resized.observe(element);
  }

  const setTheme = (theme) => {
    document.documentElement.dataset.theme = theme;
    $("theme").textContent = theme === "dark" ? "Light" : "Dark";
  };

  addEventListener("hashchange", readAddress);
  $("theme").textContent = matchMedia("(prefers-color-scheme: dark)").matches ? "Light" : "Dark";
  $("show-code").checked = matchMedia("(min-width: 621px)").matches;
  readAddress();
})();
