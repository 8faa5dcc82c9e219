"""The icons: a word in a template, and what is drawn for it."""

# Drawn for this house on a grid of 24, stroke only: the inner part of each SVG.
ICONS: dict[str, str] = {
    "arrow": '<path d="M5 12h14M13 6l6 6-6 6"/>',
    "back": '<path d="M19 12H5M11 6l-6 6 6 6"/>',
    "backspace": '<path d="M9 5h11v14H9l-6-7zM12 9.5l5 5M17 9.5l-5 5"/>',
    "bag": '<path d="M6 5h12v13a3 3 0 0 1-3 3H9a3 3 0 0 1-3-3zM10 5V3h4v2M6 12h12"/>',
    "book": '<path d="M5 4h13v16H5zM9 4v16M12 9h3M12 13h3"/>',
    "chart": '<path d="M4 4v16h16M7 15l4-5 3 3 5-7"/>',
    "check": '<path d="M4.5 12.5l5 5 10-11"/>',
    "circle": '<circle cx="12" cy="12" r="7"/>',
    "clock": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/>',
    "code": '<path d="M8 7l-5 5 5 5M16 7l5 5-5 5M13.5 5l-3 14"/>',
    "eye": '<path d="M2.5 12c5-8.5 14-8.5 19 0-5 8.5-14 8.5-19 0z"/>'
    '<circle cx="12" cy="12" r="2.8"/>',
    "file": '<path d="M6 3h8l5 5v13H6zM14 3v5h5M9 13h7M9 17h5"/>',
    "flask": '<path d="M9 3h6M10 3v7l-5.5 9.5a1 1 0 0 0 1 1.5h13a1 1 0 0 0 1-1.5L14 10V3'
    'M7.5 15h9"/>',
    "home": '<path d="M3 11.5L12 4l9 7.5M6 9.5V20h12V9.5M10 20v-6h4v6"/>',
    "inbox": '<path d="M5 5h14l2 9v5H3v-5zM3 14h5l1.5 2.5h5L16 14h5"/>',
    "info": '<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5.5M12 7.5v.2"/>',
    "keyboard": '<rect x="2.5" y="6" width="19" height="12" rx="2"/>'
    '<path d="M6.5 10h.2M10 10h.2M13.5 10h.2M17 10h.2M8 14h8"/>',
    "lock": '<rect x="5" y="11" width="14" height="9" rx="2"/><path d="M8 11V8a4 4 0 0 1 8 0v3"/>',
    "menu": '<path d="M4 7h16M4 12h16M4 17h16"/>',
    "minus": '<path d="M6 12h12"/>',
    "moon": '<path d="M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z"/>',
    "pause": '<path d="M8 5v14M16 5v14"/>',
    "play": '<path d="M7.5 5l11 7-11 7z"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "print": '<path d="M7 9V3h10v6M7 17H4V9h16v8h-3M7 14h10v7H7z"/>',
    "scan": '<path d="M3 8V4h4M17 4h4v4M21 16v4h-4M7 20H3v-4M7 8v8M10.5 8v8M13.5 8v8M17 8v8"/>',
    "search": '<circle cx="10.5" cy="10.5" r="6.5"/><path d="M15.5 15.5L21 21"/>',
    "shield": '<path d="M12 3l8 3v6c0 4.5-3.5 7.5-8 9-4.5-1.5-8-4.5-8-9V6zM8.5 12l2.5 2.5 4.5-5"/>',
    "sign": '<path d="M3 20h18M5 16l1-4L16 2.5l3.5 3.5L9.5 15.5z"/>',
    "stop": '<path d="M8.5 3h7L21 8.5v7L15.5 21h-7L3 15.5v-7zM12 7.5v5.5M12 16.3v.2"/>',
    "sun": '<circle cx="12" cy="12" r="4"/>'
    '<path d="M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4'
    'M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4"/>',
    "thermometer": '<path d="M10 13.5V5a2 2 0 0 1 4 0v8.5a4 4 0 1 1-4 0zM12 9v8"/>',
    "triangle": '<path d="M12 4l9 16H3zM12 10v4.5M12 17.3v.2"/>',
    "user": '<circle cx="12" cy="8" r="4"/><path d="M4 20.5c1.5-8 14.5-8 16 0"/>',
    "wifi-off": '<path d="M3 3l18 18M5 12a10 10 0 0 1 4-2.5M13 9a10 10 0 0 1 6 3'
    'M8.5 15.5a5 5 0 0 1 7 0M12 19v.2"/>',
    "x": '<path d="M6 6l12 12M18 6L6 18"/>',
    "columns": '<path d="M4 4h16v16H4zM12 4v16"/>',
    "copy": '<path d="M8 8h12v12H8zM4 16V4h12"/>',
    "down": '<path d="M12 5v14M6 13l6 6 6-6"/>',
    "edit": '<path d="M4 20h4L19 9l-4-4L4 16zM13 7l4 4"/>',
    "trash": '<path d="M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5"/>',
    "up": '<path d="M12 19V5M6 11l6-6 6 6"/>',
}
