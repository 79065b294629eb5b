namespace Appliance.Bgp;

/// <summary>The RFCs' words for error codes and subcodes.</summary>
internal static class NotificationNames
{
    public static string OfCode(NotificationCode code) => code switch
    {
        NotificationCode.MessageHeader => "Message Header Error",
        NotificationCode.OpenMessage => "OPEN Message Error",
        NotificationCode.UpdateMessage => "UPDATE Message Error",
        NotificationCode.HoldTimerExpired => "Hold Timer Expired",
        NotificationCode.FiniteStateMachine => "Finite State Machine Error",
        NotificationCode.Cease => "Cease",
        NotificationCode.RouteRefresh => "ROUTE-REFRESH Message Error",
        NotificationCode.SendHoldTimerExpired => "Send Hold Timer Expired",
        _ => "unknown error",
    };

    public static string OfSubcode(NotificationCode code, byte subcode) => (code, subcode) switch
    {
        (NotificationCode.MessageHeader, 1) => "Connection Not Synchronized",
        (NotificationCode.MessageHeader, 2) => "Bad Message Length",
        (NotificationCode.MessageHeader, 3) => "Bad Message Type",
        (NotificationCode.OpenMessage, 1) => "Unsupported Version Number",
        (NotificationCode.OpenMessage, 2) => "Bad Peer AS",
        (NotificationCode.OpenMessage, 3) => "Bad BGP Identifier",
        (NotificationCode.OpenMessage, 4) => "Unsupported Optional Parameter",
        (NotificationCode.OpenMessage, 6) => "Unacceptable Hold Time",
        (NotificationCode.OpenMessage, 7) => "Unsupported Capability",
        (NotificationCode.OpenMessage, 11) => "Role Mismatch",
        (NotificationCode.UpdateMessage, 1) => "Malformed Attribute List",
        (NotificationCode.UpdateMessage, 2) => "Unrecognized Well-known Attribute",
        (NotificationCode.UpdateMessage, 3) => "Missing Well-known Attribute",
        (NotificationCode.UpdateMessage, 4) => "Attribute Flags Error",
        (NotificationCode.UpdateMessage, 5) => "Attribute Length Error",
        (NotificationCode.UpdateMessage, 6) => "Invalid ORIGIN Attribute",
        (NotificationCode.UpdateMessage, 8) => "Invalid NEXT_HOP Attribute",
        (NotificationCode.UpdateMessage, 9) => "Optional Attribute Error",
        (NotificationCode.UpdateMessage, 10) => "Invalid Network Field",
        (NotificationCode.UpdateMessage, 11) => "Malformed AS_PATH",
        (NotificationCode.FiniteStateMachine, 1) => "Receive Unexpected Message in OpenSent State",
        (NotificationCode.FiniteStateMachine, 2) => "Receive Unexpected Message in OpenConfirm State",
        (NotificationCode.FiniteStateMachine, 3) => "Receive Unexpected Message in Established State",
        (NotificationCode.Cease, 1) => "Maximum Number of Prefixes Reached",
        (NotificationCode.Cease, 2) => "Administrative Shutdown",
        (NotificationCode.Cease, 3) => "Peer De-configured",
        (NotificationCode.Cease, 4) => "Administrative Reset",
        (NotificationCode.Cease, 5) => "Connection Rejected",
        (NotificationCode.Cease, 6) => "Other Configuration Change",
        (NotificationCode.Cease, 7) => "Connection Collision Resolution",
        (NotificationCode.Cease, 8) => "Out of Resources",
        (NotificationCode.Cease, 9) => "Hard Reset",
        (NotificationCode.Cease, 10) => "BFD Down",
        (NotificationCode.RouteRefresh, 1) => "Invalid Message Length",
        _ => "unknown subcode",
    };
}
