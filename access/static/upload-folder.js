// The folder that was chosen for an upload, kept by browsers that can keep one (File System Access), so that
// a page that was opened again goes on with one press.  Elsewhere nothing is kept: the folder is chosen again.
var seogoFolder = (function () {
  "use strict";
  // What is kept is a handle, no bytes, and only in this browser, under the name of the upload.
  function kept(mode, act) {
    return new Promise(function (resolve, reject) {
      var opening = indexedDB.open("seogo-uploads", 1);
      opening.onupgradeneeded = function () { opening.result.createObjectStore("folders"); };
      opening.onerror = function () { reject(opening.error); };
      opening.onsuccess = function () {
        var change = opening.result.transaction("folders", mode), asked = act(change.objectStore("folders"));
        change.oncomplete = function () { opening.result.close(); resolve(asked.result); };
        change.onabort = function () { opening.result.close(); reject(change.error); };
      };
    });
  }
  // Files by their path, the folder's own name first; null for one that cannot be read.
  async function walk(handle, path, files) {
    for await (var entry of handle.values()) {
      var place = path + "/" + entry.name;
      if (entry.kind === "directory") await walk(entry, place, files);
      else files.set(place, await entry.getFile().catch(function () { return null; }));
    }
    return files;
  }
  return {
    able: "showDirectoryPicker" in window && "indexedDB" in window,
    choose: function () { return window.showDirectoryPicker({ id: "seogo", mode: "read" }); },
    keep: function (name, handle) { return kept("readwrite", function (folders) { return folders.put(handle, name); }); },
    find: function (name) { return kept("readonly", function (folders) { return folders.get(name); }); },
    forget: function (name) { return kept("readwrite", function (folders) { return folders.delete(name); }); },
    // Must be called from a press: the browser may ask whether the folder may be read once more.
    may: async function (handle) { return await handle.requestPermission({ mode: "read" }) === "granted"; },
    files: function (handle) { return walk(handle, handle.name, new Map()); }
  };
}());
