// The desk: follows a job's progress, selects all rows, warns before typed words are lost.
(function () {
  "use strict";
  var job = document.querySelector("[data-job]"), announced = 0;
  function poll() {
    if (document.hidden) return;
    fetch(job.dataset.job).then(function (answer) { return answer.json(); }).then(function (told) {
      var bar = job.querySelector("progress"), line = job.querySelector("[data-line]");
      if (told.total) { bar.max = told.total; bar.value = told.done; }
      job.querySelector("[data-state]").textContent = told.state_words;
      line.textContent = told.line;
      var now = Date.now();
      if (now - announced > 30000) { announced = now; document.getElementById("job-said").textContent = told.line; }
      if (told.state === "done" || told.state === "failed") { clearInterval(timer); location.reload(); }
    }).catch(function () { /* the next look comes in three seconds */ });
  }
  var timer = job ? setInterval(poll, 3000) : 0;

  document.querySelectorAll("[data-all]").forEach(function (box) {
    box.addEventListener("change", function () {
      box.form.querySelectorAll("input[name=" + box.dataset.all + "]").forEach(function (each) { each.checked = box.checked; });
    });
  });
  var changed = false;
  document.querySelectorAll("form[data-keep]").forEach(function (form) {
    form.addEventListener("input", function () { changed = true; });
    form.addEventListener("submit", function () { changed = false; });
  });
  addEventListener("beforeunload", function (event) { if (changed) event.preventDefault(); });
  var first = document.getElementById("errors") || (location.hash === "#done" && document.getElementById("done"));
  if (first) first.focus();
}());
