//! Everything that can be done to a server is found on that server, with the one who did it.

mod attribution;
mod kinds;
