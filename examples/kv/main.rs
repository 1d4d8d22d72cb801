mod blob;
mod command;
mod glob;
mod journal;
mod reply;
mod request;
mod store;
fn main() {}
