// Freezes what every object inherits from, so that no code in the page can change what all other code works with. Runs before the page.
//
// Tauri can freeze it too, but then an object cannot have a `toString` of its own by assignment any more, and xterm.js stops with the
// first one that it makes. Here such an assignment still makes an own property, and what is inherited stays as it is.
(() => {
  const root = Object.prototype;
  for (const name of ["constructor", "hasOwnProperty", "toLocaleString", "toString", "valueOf"]) {
    const inherited = root[name];
    Object.defineProperty(root, name, {
      configurable: false,
      enumerable: false,
      get: () => inherited,
      set(own) {
        if (this === root) throw new TypeError(`${name} of every object is fixed`);
        Object.defineProperty(this, name, { value: own, configurable: true, enumerable: true, writable: true });
      },
    });
  }
  Object.freeze(root);
})();
