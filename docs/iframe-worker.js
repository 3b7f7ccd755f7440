// Search looks things up in a worker, and browsers start none from a page that was opened from a folder (file://).
// There, a hidden frame takes the worker's place: it has a global object of its own, and messages go both ways.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(address) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.appendChild(frame);
      this.inside = frame.contentWindow;
      this.ready = new Promise((done) => {
        const page = this.inside.document;
        page.open();
        this.inside.postMessage = (data) => {
          this.dispatchEvent(new MessageEvent("message", { data }));
        };
        this.inside.importScripts = (...scripts) =>
          scripts.reduce((before, script) => before.then(() => this.load(script)), Promise.resolve());
        page.write("<!doctype html><body></body>");
        page.close();
        this.load(address).then(done);
      });
    }

    load(address) {
      return new Promise((done, failed) => {
        const script = this.inside.document.createElement("script");
        script.src = address;
        script.onload = done;
        script.onerror = () => failed(new Error(`${address} cannot be loaded`));
        this.inside.document.body.appendChild(script);
      });
    }

    postMessage(data) {
      this.ready.then(() => this.inside.dispatchEvent(new MessageEvent("message", { data })));
    }

    terminate() {
      this.inside.frameElement.remove();
    }
  };
}
