// Makes the SHA-256 of files, one after the other, without holding a large one in memory.
"use strict";
var BLOCK = 4 << 20, AT_ONCE = 8 << 20, library = null;
var trusted = self.trustedTypes
  ? trustedTypes.createPolicy("seogo-worker", { createScriptURL: function (address) { return address; } })
  : { createScriptURL: function (address) { return address; } };

function hexadecimal(buffer) {
  return Array.from(new Uint8Array(buffer), function (octet) { return octet.toString(16).padStart(2, "0"); }).join("");
}

async function digest(file) {
  // The browser's own is quickest, but takes a file whole and is there only on a secure page.
  if (file.size <= AT_ONCE && self.crypto && crypto.subtle) {
    return hexadecimal(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  }
  if (!self.sha256) importScripts(trusted.createScriptURL(library));
  var running = sha256.create();
  for (var at = 0; at < file.size; at += BLOCK) running.update(await file.slice(at, at + BLOCK).arrayBuffer());
  return running.hex();
}

self.onmessage = async function (event) {
  if (event.data.library) { library = event.data.library; return; }
  var digests = [];
  for (var file of event.data.files) {
    try { digests.push(await digest(file)); } catch (error) { digests.push(null); }
  }
  self.postMessage(digests);
};
