"""What the gateway writes is read by a WebSocket core that is not ours."""

from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from gateway import server_frames


@given(st.text())
def test_a_frame_is_framed_as_the_rfc_says(text: str) -> None:
    """RFC 6455, section 5.2, read back by a core that is not ours."""
    clean = text.encode(errors="ignore").decode() * 50
    client = ClientProtocol(parse_uri("ws://127.0.0.1/"), state=OPEN, max_size=None)
    client.receive_data(server_frames.framed(clean))
    (frame,) = client.events_received()
    assert isinstance(frame, Frame)
    assert (frame.opcode, frame.fin, bytes(frame.data)) == (Opcode.TEXT, True, clean.encode())
