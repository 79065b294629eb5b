using Appliance.Ike.Messages;

namespace Appliance.Ike.Children;

/// <summary>Questions that exchanges ask of payloads.</summary>
internal static class PayloadQueries
{
    public static bool Has(this IReadOnlyList<Payload> payloads, NotifyType type) => payloads.Notify(type) is not null;

    public static NotifyPayload? Notify(this IReadOnlyList<Payload> payloads, NotifyType type) => payloads.OfType<NotifyPayload>().FirstOrDefault(n => n.NotifyType == type);

    public static NotifyPayload? Error(this IReadOnlyList<Payload> payloads) => payloads.OfType<NotifyPayload>().FirstOrDefault(n => n.IsError);

    public static T? First<T>(this IReadOnlyList<Payload> payloads)
        where T : Payload => payloads.OfType<T>().FirstOrDefault();

    /// <summary>TSi or TSr, empty when there is none.</summary>
    public static IReadOnlyList<TrafficSelector> Selectors(this IReadOnlyList<Payload> payloads, bool ofInitiator)
    {
        var type = ofInitiator ? PayloadType.TrafficSelectorInitiator : PayloadType.TrafficSelectorResponder;
        return payloads.OfType<TrafficSelectorPayload>().FirstOrDefault(p => p.Type == type)?.Selectors ?? [];
    }
}
