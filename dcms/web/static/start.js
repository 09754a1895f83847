// Its own file, so that the page's policy can forbid scripts in the page.
SwaggerUIBundle({
  url: "/schema/openapi.json",
  dom_id: "#ui",
  deepLinking: true,
  displayOperationId: true,
  docExpansion: "none",
  filter: true,
  tryItOutEnabled: true,
  persistAuthorization: false,
  validatorUrl: null,
});
