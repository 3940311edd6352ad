// Sends a folder in parts: hashes the files of a part, lists them, and sends their bytes by tus.
// What has arrived is asked of the server, so a page that was closed goes on where it stopped.
(function () {
  "use strict";
  var root = document.getElementById("upload");
  if (!root || !window.tus || !window.Worker) return;
  var PART_FILES = 1000, PART_BYTES = 16 << 20, CHUNK = 16 << 20, SHOWN = 200;
  var told = root.dataset, input = document.getElementById("folder"), bar = document.getElementById("progress");
  var line = document.getElementById("line"), said = document.getElementById("said");
  var stop = document.getElementById("stop"), anyway = document.getElementById("finish");
  var pick = document.getElementById("pick"), resume = document.getElementById("resume"), folder = seogoFolder;
  var name = told.facts.replace(/^.*\/|\.json$/g, ""), cancel = document.getElementById("cancel");
  var box = document.getElementById("failed"), list = document.getElementById("failures");
  var token = null, failures = new Map(), total = 0, sent = 0, announced = 0, current = null, halt = null, stopped = false;
  var trusted = window.trustedTypes
    ? trustedTypes.createPolicy("seogo", { createScriptURL: function (address) { return address; } })
    : { createScriptURL: function (address) { return address; } };
  var worker = new Worker(trusted.createScriptURL(told.worker));
  worker.postMessage({ library: told.sha });
  root.hidden = false;

  function words(template, values) {
    return Object.keys(values).reduce(function (text, key) { return text.replaceAll("{" + key + "}", values[key]); }, template);
  }
  function size(bytes) {
    var units = ["B", "kB", "MB", "GB", "TB"], at = 0;
    while (bytes >= 1000 && at < 4) { bytes /= 1000; at += 1; }
    return (at ? bytes.toFixed(1) : bytes) + " " + units[at];
  }
  function tell(template, more) {
    bar.max = total || 1; bar.value = Math.min(total, sent + (more || 0));
    line.textContent = words(template, { a: size(sent + (more || 0)), b: size(total) });
    if (Date.now() - announced > 30000) { announced = Date.now(); said.textContent = line.textContent; }
  }
  function fail(path, reason) { failures.set(path, reason); }
  function showFailures() {
    list.replaceChildren();
    Array.from(failures).slice(0, SHOWN).forEach(function (each) {
      var row = document.createElement("li");
      row.textContent = each[0] + ": " + (told["why" + each[1].replace(/(^|[ -])(\w)/g, function (all, gap, letter) { return letter.toUpperCase(); })] || each[1]);
      list.appendChild(row);
    });
    box.hidden = !failures.size;
  }
  async function ask(address, body) {
    var answer = await fetch(address, body === undefined ? {} : {
      method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": token }, body: JSON.stringify(body)
    });
    var facts = await answer.json();
    if (!answer.ok) throw new Error(facts.error ? facts.error.message + " " + facts.error.next : answer.statusText);
    if (facts.token) token = facts.token;
    return facts;
  }
  function hash(files) {
    return new Promise(function (resolve) {
      worker.onmessage = function (event) { resolve(event.data); };
      worker.postMessage({ files: files });
    });
  }
  function send(address, files) {
    // A blob of files holds no bytes; the browser reads them as they are sent.
    var blob = new Blob(files);
    return new Promise(function (resolve, reject) {
      halt = reject;
      current = new tus.Upload(blob, {
        uploadUrl: address, uploadSize: blob.size, chunkSize: CHUNK, retryDelays: [0, 1000, 3000, 5000, 10000],
        removeFingerprintOnSuccess: true, storeFingerprintForResuming: false,
        onBeforeRequest: function (request) { request.setHeader("X-CSRFToken", token); },
        onProgress: function (now) { tell(told.sending, now); },
        onSuccess: function () { sent += blob.size; current = null; resolve(); },
        onError: function (error) { current = null; reject(error); }
      });
      current.start();
    });
  }
  async function discard(address) {
    await fetch(address, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0", "X-CSRFToken": token } });
  }

  // Files by their path in the folder; what a system left behind is not sent.
  function chosen() {
    return new Map(Array.from(input.files, function (file) { return [file.webkitRelativePath || file.name, file]; }));
  }
  function same(file, listed) { return file && file.size === listed[1] && file.lastModified === listed[2]; }

  // Parts that are half here go on; what is whole is not looked at again.
  async function goOn(files, facts) {
    for (var part of facts.parts) {
      var known = part.files.map(function (listed) { return [files.get(listed[0]), listed]; });
      var unchanged = known.every(function (each) { return same(each[0], each[1]); });
      if (part.offset < part.length && !unchanged) { await discard(told.list.replace(/\.json$/, "/") + part.number); continue; }
      if (part.offset < part.length) await send(told.list.replace(/\.json$/, "/") + part.number, known.map(function (each) { return each[0]; }));
      else known.forEach(function (each) { if (same(each[0], each[1])) sent += each[1][1]; });
      known.forEach(function (each) { if (same(each[0], each[1])) files.delete(each[1][0]); });
      if (stopped) return;
    }
  }
  function* batches(files) {
    var batch = [], bytes = 0;
    for (var each of files) {
      if (batch.length && (batch.length === PART_FILES || bytes + each[1].size > PART_BYTES)) { yield batch; batch = []; bytes = 0; }
      batch.push(each); bytes += each[1].size;
    }
    if (batch.length) yield batch;
  }
  async function sendPart(batch, digests) {
    var readable = batch.filter(function (each, at) {
      if (digests[at] === null) { fail(each[0], "unreadable"); total -= each[1].size; }
      return digests[at] !== null;
    });
    var good = digests.filter(function (digest) { return digest !== null; });
    if (!readable.length) return;
    var opened = await ask(told.list, { files: readable.map(function (each, at) {
      return [each[0], each[1].size, each[1].lastModified, good[at]];
    }) });
    var refused = new Set(opened.failed.map(function (each) { fail(each.path, each.reason); return each.path; }));
    var kept = readable.filter(function (each) { return !refused.has(each[0]); });
    if (opened.length) await send(opened.address, kept.map(function (each) { return each[1]; }));
  }
  // While one part is sent, the next is hashed.
  async function sendAll(files) {
    var sending = Promise.resolve();
    for (var batch of batches(files)) {
      var digests = await hash(batch.map(function (each) { return each[1]; }));
      await sending;
      if (stopped) return;
      sending = sendPart(batch, digests);
      sending.catch(function () { /* it is told where it is waited for */ });
    }
    await sending;
  }
  async function finish(partly) {
    await ask(told.finish, { partly: partly });
    await forget();
    location.reload();
  }

  async function begin(files) {
    stopped = false; failures.clear(); sent = 0;
    if (!files.size) return;
    files.forEach(function (file, path) { if (!file) { fail(path, "unreadable"); files.delete(path); } });
    total = Array.from(files.values()).reduce(function (sum, file) { return sum + file.size; }, 0);
    busy(true);
    bar.hidden = stop.hidden = false;
    anyway.hidden = true;
    tell(told.reading);
    try {
      await goOn(files, await ask(told.facts));
      await sendAll(files);
      if (stopped) return;
      (await ask(told.facts)).failed.forEach(function (each) { fail(each.path, each.reason); });
      showFailures();
      line.textContent = said.textContent = failures.size ? words(told.some, { n: failures.size }) : told.whole;
      if (failures.size) anyway.hidden = false; else await finish(false);
    } catch (error) {
      if (!stopped) line.textContent = said.textContent = told.broken + " " + (error.message || "");
    } finally {
      busy(false); stop.hidden = true;
    }
  }
  function busy(is) { [input, pick, resume].forEach(function (each) { each.disabled = is; }); }

  // Where the browser keeps the folder, it is chosen with a button and gone on with by another.
  function forget() { return folder.able ? folder.forget(name).catch(function () { /* then it stays */ }) : null; }
  function offer(handle) {
    if (!handle) return;
    resume.textContent = words(told.resume, { folder: handle.name });
    resume.hidden = false;
    resume.onclick = async function () {
      if (await folder.may(handle)) await begin(await folder.files(handle)); else choosing();
    };
  }
  async function choosing() {
    try {
      var handle = await folder.choose();
      await folder.keep(name, handle).catch(function () { /* then it is chosen again */ });
      offer(handle);
      await begin(await folder.files(handle));
    } catch (error) {
      if (error.name !== "AbortError") input.hidden = false;
    }
  }
  if (folder.able) {
    input.hidden = true; pick.hidden = false;
    pick.addEventListener("click", choosing);
    cancel.addEventListener("submit", forget);
    folder.find(name).then(offer).catch(function () { /* then it is chosen again */ });
  }

  input.addEventListener("change", function () { begin(chosen()); });
  stop.addEventListener("click", function () { stopped = true; if (current) { current.abort(); halt(new Error()); } });
  anyway.addEventListener("click", function () { finish(true).catch(function (error) { line.textContent = error.message; }); });
  addEventListener("beforeunload", function (event) { if (input.disabled) event.preventDefault(); });
}());
