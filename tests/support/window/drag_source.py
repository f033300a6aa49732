"""A window of another program that files can be dragged out of: with a mouse, as from a file manager. Arguments: the files."""

import pathlib
import sys

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, Gtk

window = Gtk.Window(type=Gtk.WindowType.POPUP)
window.move(0, 0)
window.resize(40, 40)
source = Gtk.EventBox()
source.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
source.drag_source_add_uri_targets()
source.connect(
    "drag-data-get",
    lambda _widget, _context, data, _info, _time: data.set_uris([pathlib.Path(file).as_uri() for file in sys.argv[1:]]),
)
source.connect("drag-end", lambda _widget, _context: Gtk.main_quit())
window.add(source)
window.show_all()
print("ready", flush=True)
Gtk.main()
