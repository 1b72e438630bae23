// socket.io: everybody in one room, the transport WebSocket alone.
const { createServer } = require("http");
const { Server } = require("socket.io");
const http = createServer();
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false });
io.on("connection", (socket) => {
  socket.join("room");
  socket.on("message", (text) => io.to("room").emit("message", text));
});
http.listen(Number(process.argv[2]), "127.0.0.1", () => console.log("ready"));
