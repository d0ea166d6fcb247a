// Shows another Jupyter widget in a slot.
async function showChild(model, host) {
  const manager = model.widget_manager;
  const child = await manager.get_model(model.get("child").replace("IPY_MODEL_", ""));
  const view = await manager.create_view(child);
  const widget = view.luminoWidget;
  host.replaceChildren();
  widget.constructor.attach(widget, host);
}

export default {
  initialize: ({ model }) => live(model, (host) => showChild(model, host)),
};
