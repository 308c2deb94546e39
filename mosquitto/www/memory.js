// What this browser keeps: the login, which language, which meter. A browser that keeps nothing (private windows) is no error.

const LOGIN = "smartmeter-login";
const PLACE = "smartmeter-place";

function stores() {
  try {
    return [window.sessionStorage, window.localStorage];
  } catch {
    return []; // forbidden by the browser's settings
  }
}

function read(key) {
  for (const store of stores()) {
    try {
      const value = JSON.parse(store.getItem(key));
      if (value !== null && typeof value === "object") return value;
    } catch {
      // somebody else's text under our name
    }
  }
  return {};
}

function write(key, value, isLasting) {
  const [session, lasting] = stores();
  try {
    session?.removeItem(key);
    lasting?.removeItem(key);
    if (value) (isLasting ? lasting : session)?.setItem(key, JSON.stringify(value));
  } catch {
    // full, or forbidden: then it is not kept
  }
}

/** Give the login {user, password} of the address' options, or the one that was kept for this broker and no other, or null. */
export function loginFor(broker, { user, password = "" }) {
  if (user) {
    keepLogin({ broker, user, password }, false);
    return { user, password };
  }
  const kept = read(LOGIN);
  const isLogin = kept.broker === broker && typeof kept.user === "string" && typeof kept.password === "string";
  return isLogin ? { user: kept.user, password: kept.password } : null;
}

/** Keep a login {broker, user, password}: on this device, or until the tab is closed. Null forgets it. */
export function keepLogin(login, isLasting) {
  write(LOGIN, login, isLasting);
}

/** Give the options of the address that were kept for this tab: {broker, topic}. */
export function keptPlace() {
  return read(PLACE);
}

/** Keep them, so that the page may be loaded again. */
export function keepPlace({ broker, topic }) {
  write(PLACE, { broker, topic }, false);
}

/** Give a choice that was kept on this device, or undefined. */
export function keptChoice(name) {
  const { value } = read(`smartmeter-${name}`);
  return typeof value === "string" ? value : undefined;
}

/** Keep a choice on this device. */
export function keepChoice(name, value) {
  write(`smartmeter-${name}`, { value }, true);
}
