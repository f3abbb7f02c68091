// Browsers start no worker for a page that lies in a folder. There the search runs in a hidden frame of the page.
if (location.protocol === "file:") {
  window.Worker = class {
    constructor(adresse) {
      this.onmessage = null;
      this.onerror = null;
      this._wartend = [];
      this._rahmen = document.createElement("iframe");
      this._rahmen.hidden = true;
      this._rahmen.srcdoc = `<!doctype html><script src="${new URL(adresse, document.baseURI).href}"></` + "script>";
      this._rahmen.onload = () => this._beginne();
      document.body.appendChild(this._rahmen);
    }

    _beginne() {
      this._rahmen.contentWindow.postMessage = (data) => setTimeout(() => this.onmessage && this.onmessage({ data }));
      this._wartend.splice(0).forEach((data) => this._gib(data));
      this._wartend = null;
    }

    _gib(data) {
      const fenster = this._rahmen.contentWindow;
      setTimeout(() => fenster.dispatchEvent(new fenster.MessageEvent("message", { data })));
    }

    postMessage(data) {
      if (this._wartend) this._wartend.push(data);
      else this._gib(data);
    }

    terminate() {
      this._rahmen.remove();
    }
  };
}
