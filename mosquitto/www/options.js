// What the address' fragment tells the page, and where the broker is.

/**
 * Read a fragment, `#broker=ws://127.0.0.1:9001&user=phone&password=...&topic=smartmeter/home`.
 * Gives an object with those of the four that it has; a plus sign is one, as in a password.
 */
export function optionsOf(fragment) {
  const options = {};
  for (const part of fragment.replace(/^#/, "").split("&")) {
    const [, name, value] = /^(broker|user|password|topic)=(.*)$/s.exec(part) ?? [];
    if (value) options[name] = decoded(value);
  }
  return options;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Give the address of the broker's WebSocket: the wanted one, else `/mqtt` where the page came from.
 * Null where there is none, or a wrong one: the page was opened from a file, and nobody said where the broker is.
 */
export function brokerAddress(wanted, location) {
  try {
    const address = new URL(wanted ?? "/mqtt", location.href);
    if (wanted === undefined) address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const isOne = ["ws:", "wss:"].includes(address.protocol) && address.host && !address.username && !address.password;
    if (!isOne) return null;
    address.hash = "";
    return address.href;
  } catch {
    return null;
  }
}

/** Tell whether a topic may be the first part of others: no wildcards, no empty start. */
export function isTopic(text) {
  return /^[^+#\0/][^+#\0]*$/.test(text) && text.length < 500;
}
