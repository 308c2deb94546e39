// The form that asks for a login.

import { byId, setText } from "./dom.js";

/** Call `enter({user, password}, isLasting)` whenever somebody logs in. */
export function onLogin(enter) {
  byId("login-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const login = { user: byId("login-user").value, password: byId("login-password").value };
    byId("login-password").value = "";
    enter(login, byId("login-keep").checked);
  });
}

/** Show the form, or the house. `state` is {isOpen, broker, problem}, where `problem` is the key of a text, or null. */
export function showLogin({ isOpen, broker, problem }, words) {
  byId("login").hidden = !isOpen;
  byId("house").hidden = isOpen;
  byId("status").hidden = isOpen;
  byId("logout").hidden = isOpen;
  byId("login-problem").hidden = problem === null;
  setText(byId("login-problem"), problem ? words.say(problem) : "");
  setText(byId("login-broker"), broker === null ? words.say("loginNoBroker") : words.say("loginAt", { broker }));
  byId("login-submit").disabled = broker === null;
}
