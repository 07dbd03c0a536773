"use strict";

// Has Swagger UI show the contract, where calls can be made, in place of the list that the server has made.
// A credential stays in this page: it is stored nowhere, and the commands for curl that are shown do not hold it.

const explorer = document.getElementById("explorer");
const dark = window.matchMedia("(prefers-color-scheme: dark)");

// The page has a heading and landmarks of its own, so that of Swagger UI's layout only what is within them is shown.
const layout = ({ React }) => ({
  components: {
    Contract: ({ getComponent, specSelectors }) => {
      const show = (name) => React.createElement(getComponent(name, true), { key: name });
      const names = specSelectors.loadingStatus() === "success" ? ["AuthorizeBtnContainer", "operations", "Models"] : [];
      return React.createElement("div", { className: "swagger-ui" }, ["SvgAssets", "errors", ...names].map(show));
    },
  },
});

const withoutSecrets = ({ React, Im }) => ({
  wrapComponents: {
    curl: (Curl) => (properties) => {
      const shown = properties.request.update("headers", (headers) =>
        (headers ?? Im.Map()).map((value, name) => (name.toLowerCase() === "authorization" ? "Bearer <key>" : value)),
      );
      return React.createElement(Curl, { ...properties, request: shown });
    },
    Input: (Input) => (properties) => {
      const secret = properties.id === "auth-bearer-value" ? { type: "password", autoComplete: "off" } : {};
      return React.createElement(Input, { ...properties, ...secret });
    },
  },
});

// An example would be sent with each call, also that of a precondition, which then fails.
const withoutOptionalExamples = () => ({
  statePlugins: {
    spec: {
      wrapActions: {
        updateJsonSpec: (update) => (contract) => {
          for (const parameter of Object.values(contract.components?.parameters ?? {})) {
            if (!parameter.required) {
              delete parameter.example;
              delete parameter.examples;
            }
          }
          return update(contract);
        },
      },
    },
  },
});

// What Swagger UI leaves without a name, or out of the keyboard's reach: selector, attribute, value.
const MENDED = [
  [".close-modal", "aria-label", "Close"],
  [".auth-btn-wrapper button", "aria-label", null],
  [".auth-container h6", "aria-level", "5"],
  [".body-param__text", "aria-label", "Body"],
  [".examples-select-element", "aria-label", "Example"],
  [".parameters select", "aria-label", "Value"],
  ["pre", "tabindex", "0"],
];

const mend = () => {
  for (const [selector, attribute, value] of MENDED) {
    for (const element of explorer.querySelectorAll(selector)) {
      if (value === null) {
        element.removeAttribute(attribute);
      } else if (element.getAttribute(attribute) !== value) {
        element.setAttribute(attribute, value);
      }
    }
  }
};

const followColours = () => document.documentElement.classList.toggle("dark-mode", dark.matches);

followColours();
dark.addEventListener("change", followColours);
new MutationObserver(mend).observe(explorer, { childList: true, subtree: true });

window.SwaggerUIBundle({
  domNode: explorer,
  url: explorer.dataset.contract,
  layout: "Contract",
  plugins: [layout, withoutSecrets, withoutOptionalExamples],
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  persistAuthorization: false,
  syntaxHighlight: false,
  validatorUrl: null,
  onComplete: () => {
    document.getElementById("operations").hidden = true;
  },
});
