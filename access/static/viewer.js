// The viewer: swaps the page's picture for a zoomable one, and listens to keys and buttons.
// It never reads HTML: text comes as parts from the server and is set as text.
(function () {
  "use strict";
  var root = document.getElementById("viewer");
  var canvas = document.getElementById("canvas");
  if (!root || !window.OpenSeadragon) return;

  var told = root.dataset;
  var page = Number(told.page), total = Number(told.total), query = told.q;
  var status = document.getElementById("page-status");
  var tools = document.getElementById("tools");
  var panel = document.getElementById("panel");
  var list = document.querySelector(".page-list-box");
  var textBox = document.getElementById("page-text");
  var keysBox = document.getElementById("keys");
  var citeBox = document.getElementById("cite");
  var turns = 0, turnNumber = 0, osd = null, twoPages = false, shown = [], region = null, places = null, place = -1;
  var calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  function make(tag, cls, text) {
    var element = document.createElement(tag);
    if (cls) element.className = cls;
    if (text) element.textContent = text;
    return element;
  }
  function words(template, number) { return template.replaceAll("@", number); }
  function address(number, ending) { return told.base + number + (ending || "") + (query ? "?q=" + encodeURIComponent(query) : ""); }
  function empty(element) { while (element.firstChild) element.removeChild(element.firstChild); }
  function parts(target, pieces) {
    pieces.forEach(function (piece) { target.appendChild(piece[0] ? make("mark", "", piece[1]) : document.createTextNode(piece[1])); });
  }

  // One zoomable picture, or two side by side.
  function open(facts, second) {
    close();
    empty(canvas);
    canvas.classList.add("live");
    shown = second ? [facts, second] : [facts];
    shape(0);
    var zoom = make("div", "zoom");
    zoom.id = "zoom";
    canvas.appendChild(zoom);
    osd = OpenSeadragon({
      element: zoom, prefixUrl: "", showNavigationControl: false, keyboardNavEnabled: false, drawer: "canvas",
      animationTime: calm ? 0 : 0.4, immediateRender: calm, visibilityRatio: 0.6, minZoomImageRatio: 0.8,
      maxZoomPixelRatio: 3, gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
      collectionMode: Boolean(second), collectionRows: 1, collectionTileMargin: 20,
      tileSources: second ? [source(facts), source(second)] : source(facts)
    });
    // The one focus stop of the canvas is ours; the library's own would be a second, silent one.
    zoom.querySelectorAll("[tabindex]").forEach(function (each) { each.setAttribute("tabindex", "-1"); });
    osd.addHandler("open", function () { canvas.classList.remove("slow"); (facts.boxes || []).forEach(box); });
    osd.addHandler("open-failed", failed);
    osd.addHandler("tile-load-failed", failed);
    canvas.setAttribute("role", "group");
    canvas.setAttribute("tabindex", "0");
    canvas.setAttribute("aria-describedby", "page-status");
    canvas.setAttribute("aria-label", words(told.tPage, facts.number));
  }
  // Where the page is one column, the canvas is as high as its picture needs: see --shape in the styles.
  function shape(degrees) {
    var across = shown.reduce(function (sum, each) { return sum + each.width / each.height; }, 0);
    canvas.style.setProperty("--shape", degrees % 180 ? 1 / across : across);
  }
  function source(facts) {
    return { type: "legacy-image-pyramid", levels: [{ url: facts.large, width: facts.width, height: facts.height }] };
  }
  function box(found) {
    var image = osd.world.getItemAt(0), size = image.getContentSize();
    var rect = image.imageToViewportRectangle(found[0] * size.x, found[1] * size.y, (found[2] - found[0]) * size.x, (found[3] - found[1]) * size.y);
    osd.addOverlay({ element: make("div", "found-box"), location: rect });
  }
  function close() {
    if (osd) osd.destroy();
    osd = null; region = null;
    canvas.classList.remove("live", "slow");
  }
  function failed() {
    close();
    empty(canvas);
    var note = make("div", "box");
    note.appendChild(make("p", "", words(told.tImage, page)));
    var again = make("button", "second", told.tAgain);
    again.type = "button";
    again.addEventListener("click", function () { show(page); });
    note.appendChild(again);
    canvas.appendChild(note);
  }
  function closedBox(facts) {
    close();
    empty(canvas);
    var note = make("section", "box");
    note.appendChild(make("h2", "", facts.heading));
    facts.sentences.forEach(function (sentence) { note.appendChild(make("p", "", sentence)); });
    var back = make("a", "", told.tBack);
    back.href = told.base.replace(/\/pages\/$/, "");
    note.appendChild(back);
    canvas.appendChild(note);
  }

  function fetchPage(number) {
    return fetch(address(number, ".json"), { headers: { Accept: "application/json" } }).then(function (answer) {
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.json();
    });
  }
  function show(number, first) {
    if (number < 1 || number > total) return;
    var mine = ++turnNumber;
    var slow = setTimeout(function () {
      canvas.classList.add("slow");
      status.textContent = told.tLoading;
    }, 1000);
    var both = twoPages && number < total ? Promise.all([fetchPage(number), fetchPage(number + 1)]) : fetchPage(number).then(function (facts) { return [facts]; });
    both.then(function (found) {
      if (mine !== turnNumber) return;
      page = number;
      draw(found[0], found[1]);
      if (!first) remember();
    }).catch(function () { if (mine === turnNumber) { page = number; failed(); } }).finally(function () { clearTimeout(slow); });
  }
  function draw(facts, second) {
    if (!facts.open) closedBox(facts);
    else if (facts.large) open(facts, second && second.open && second.large ? second : null);
    else { close(); empty(canvas); canvas.appendChild(make("p", "box", facts.reason || words(told.tPage, facts.number))); }
    empty(textBox);
    if (facts.open && facts.text.length) {
      var body = make("div", "body-text");
      body.lang = "ko";
      parts(body, facts.text);
      textBox.appendChild(body);
    } else textBox.appendChild(make("p", "quiet", facts.open ? told.tNotext : words(told.tClosed, facts.number)));
    say(facts);
    mark();
  }
  function say(facts) {
    var line = words(told.tPos, facts.number);
    if (!facts.open) line += ". " + words(told.tClosed, facts.number) + " " + facts.sentences[0];
    else if (facts.text.length) line += ". " + told.tText;
    if (place >= 0 && places && places.length) line += " " + told.tFound.replace("#", places.length).replace("@", place + 1).replace("~", facts.number);
    status.textContent = line;
  }
  function remember() {
    var url = address(page);
    turns += 1;
    if (turns % 10 === 0) history.pushState(null, "", url); else history.replaceState(null, "", url);
    document.title = document.title.replace(/^[^-]*(?= - )/, words(told.tPos, page));
  }
  // The list, links, number box and text link follow the page.
  function mark() {
    document.getElementById("n").value = page;
    list.querySelectorAll("a").forEach(function (link) {
      if (Number(link.dataset.n) === page) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
    });
    var current = list.querySelector("[aria-current]");
    if (!current) refill();
    document.querySelectorAll("#turn [data-turn]").forEach(function (link) {
      var to = page + Number(link.dataset.turn);
      link.hidden = to < 1 || to > total;
      link.href = address(to);
    });
    var text = document.getElementById("text-link");
    if (text) text.href = told.base + page + "/text";
  }
  function refill() {
    var rows = list.querySelector("ol"), first = Math.max(1, Math.min(page - 30, total - 59));
    empty(rows);
    for (var number = first; number < first + 60 && number <= total; number += 1) {
      var row = make("li"), link = make("a", "", words(told.tPage, number));
      row.setAttribute("aria-setsize", total);
      row.setAttribute("aria-posinset", number);
      link.href = address(number);
      link.dataset.n = number;
      if (number === page) link.setAttribute("aria-current", "page");
      row.appendChild(link);
      rows.appendChild(row);
    }
  }

  function find(text) {
    query = text;
    places = null; place = -1;
    if (!text) { show(page); return; }
    fetch(told.find + "?q=" + encodeURIComponent(text)).then(function (answer) { return answer.json(); }).then(function (found) {
      places = found.places;
      if (!places.length) { status.textContent = words(told.tNone, text); show(page, true); return; }
      step(1);
    }).catch(failed);
  }
  function step(by) {
    if (!places) { if (query) find(query); return; }
    if (!places.length) return;
    place = (place + by + places.length) % places.length;
    show(places[place].page);
  }

  // The region for citing: per cent of the page; the box takes arrow keys.
  function markRegion(values) {
    if (!osd || !osd.world.getItemAt(0)) return;
    if (region) osd.removeOverlay(region.element);
    var element = region ? region.element : make("div", "region");
    element.tabIndex = 0;
    region = { element: element, values: values };
    var image = osd.world.getItemAt(0), size = image.getContentSize();
    osd.addOverlay({ element: element, location: image.imageToViewportRectangle(values[0] * size.x / 100, values[1] * size.y / 100, values[2] * size.x / 100, values[3] * size.y / 100) });
    element.onkeydown = function (event) {
      var by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.code];
      if (!by) return;
      event.preventDefault(); event.stopPropagation();
      var at = event.shiftKey ? 2 : 0, next = region.values.slice();
      next[at] = Math.min(100, Math.max(at ? 1 : 0, next[at] + by[0]));
      next[at + 1] = Math.min(100, Math.max(at ? 1 : 0, next[at + 1] + by[1]));
      ["left", "top", "width", "height"].forEach(function (name, i) { document.getElementById("r-" + name).value = next[i]; });
      markRegion(next);
      element.focus();
    };
  }
  function cite() {
    var text = words(told.cite, page);
    if (region) text += "#xywh=percent:" + region.values.join(",");
    citeBox.textContent = text;
    citeBox.hidden = false;
    citeBox.focus();
  }

  function pan(x, y, far) {
    if (!osd) return;
    var bounds = osd.viewport.getBounds(true), part = far ? 0.5 : 0.1;
    osd.viewport.panBy(new OpenSeadragon.Point(x * bounds.width * part, y * bounds.height * part), calm).applyConstraints(calm);
  }
  function zoom(by) { if (osd) osd.viewport.zoomBy(by, null, calm).applyConstraints(calm); }
  function turn(degrees) {
    if (!osd) return;
    var turned = (osd.viewport.getRotation() + degrees + 360) % 360;
    shape(turned);
    osd.viewport.setRotation(turned, calm);
  }
  function toggle(element, name) {
    element.hidden = !element.hidden;
    if (name) root.classList.toggle(name, element.hidden);
  }
  function pressed(act, is) { tools.querySelector("[data-act=" + act + "]").setAttribute("aria-pressed", String(is)); }
  function showKeys() {
    toggle(keysBox);
    pressed("keys", !keysBox.hidden);
    if (!keysBox.hidden) keysBox.focus(); else canvas.focus();
  }
  function full() {
    if (document.fullscreenElement) document.exitFullscreen(); else if (root.requestFullscreen) root.requestFullscreen();
  }
  document.addEventListener("fullscreenchange", function () { pressed("full", Boolean(document.fullscreenElement)); canvas.focus(); });

  var acts = {
    smaller: function () { zoom(1 / 1.4); }, larger: function () { zoom(1.4); },
    whole: function () { if (osd) osd.viewport.goHome(calm); },
    width: function () { if (osd) osd.viewport.fitHorizontally(calm); },
    turn: function () { turn(90); }, full: full, cite: cite, keys: showKeys,
    two: function () { twoPages = !twoPages; pressed("two", twoPages); show(page); },
    left: function () { pan(-1, 0); }, right: function () { pan(1, 0); }, up: function () { pan(0, -1); }, down: function () { pan(0, 1); }
  };
  var keys = {
    PageDown: function () { show(page + (twoPages ? 2 : 1)); }, PageUp: function () { show(page - (twoPages ? 2 : 1)); },
    Home: function () { show(1); }, End: function () { show(total); },
    KeyG: function () { document.getElementById("n").select(); },
    ArrowLeft: function (e) { pan(-1, 0, e.shiftKey); }, ArrowRight: function (e) { pan(1, 0, e.shiftKey); },
    ArrowUp: function (e) { pan(0, -1, e.shiftKey); }, ArrowDown: function (e) { pan(0, 1, e.shiftKey); },
    Equal: acts.larger, NumpadAdd: acts.larger, Minus: acts.smaller, NumpadSubtract: acts.smaller,
    Digit0: acts.whole, KeyW: acts.width, Digit2: acts.two, KeyF: full,
    KeyR: function (e) { turn(e.shiftKey ? -90 : 90); },
    KeyT: function () { toggle(panel, "no-panel"); }, KeyL: function () { toggle(list, "no-list"); },
    Slash: function (e) { if (e.shiftKey) showKeys(); else document.getElementById("q").select(); },
    BracketRight: function () { step(1); }, BracketLeft: function () { step(-1); }, KeyC: cite
  };
  function typing(target) { return /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName); }
  document.querySelector("main").addEventListener("keydown", function (event) {
    if (event.code === "Escape") {
      if (!keysBox.hidden) { keysBox.hidden = true; pressed("keys", false); }
      citeBox.hidden = true;
      canvas.focus();
      return;
    }
    // Keys act only inside the viewer, and never take a letter from somebody who writes.
    var inside = root.contains(event.target) || keysBox.contains(event.target);
    if (!inside || typing(event.target) || event.ctrlKey || event.altKey || event.metaKey) return;
    var act = keys[event.code];
    var scrolls = /^(Arrow|Home|End|Page)/.test(event.code) && event.target !== canvas && !canvas.contains(event.target);
    if (!act || scrolls) return;
    event.preventDefault();
    act(event);
  });
  tools.addEventListener("click", function (event) {
    var button = event.target.closest("[data-act]");
    if (button) acts[button.dataset.act]();
  });
  list.addEventListener("click", function (event) {
    var link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    show(Number(link.dataset.n));
  });
  document.getElementById("turn").addEventListener("click", function (event) {
    var link = event.target.closest("[data-turn]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    show(page + Number(link.dataset.turn) * (twoPages ? 2 : 1));
  });
  document.getElementById("goto").addEventListener("submit", function (event) {
    var to = Number(document.getElementById("n").value);
    if (!(to >= 1 && to <= total)) return;
    event.preventDefault();
    show(to);
    canvas.focus();
  });
  document.getElementById("find").addEventListener("submit", function (event) {
    event.preventDefault();
    find(document.getElementById("q").value.trim());
    canvas.focus();
  });
  document.getElementById("region-form").addEventListener("submit", function (event) {
    event.preventDefault();
    markRegion(["left", "top", "width", "height"].map(function (name) { return Math.min(100, Math.max(0, Number(document.getElementById("r-" + name).value) || 0)); }));
    if (region) region.element.focus();
  });
  addEventListener("popstate", function () {
    var found = location.pathname.match(/\/pages\/(\d+)$/);
    if (found) show(Number(found[1]), true);
  });

  root.classList.add("live-page");
  tools.hidden = false;
  var image = document.getElementById("image");
  // The picture is there before the script; the canvas takes over once it has loaded.
  if (image) { if (image.complete) show(page, true); else { image.addEventListener("load", function () { show(page, true); }); image.addEventListener("error", failed); } }
}());
