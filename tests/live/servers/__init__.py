"""Small servers that listen on a unix socket, started by live tests."""
