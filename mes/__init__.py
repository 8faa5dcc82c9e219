"""The roof: settings, urls, wiring, web server, workers and embedded servers."""
