using System.Security.Cryptography;
using Appliance.Ike;
using Appliance.Shared;
using Appliance.SlowPath.Sas;
using Appliance.SlowPath.Serving;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Ike;

/// <summary>Does what the machine wants done, each action at once and in its order; what takes time comes back as an event. Loop.</summary>
internal sealed class IkeActions(IkeSockets sockets, IkeWork work, IChildSas children, IGroupSas groups, ContextStore contexts, IkeOperator operators, IkeLog lines, KeyExport? export, IkeCounters counters, ILogger log)
{
    /// <summary>Where results go.</summary>
    public required Func<IIkeEvents> Events { get; init; }

    /// <summary>Addresses and DNS servers that a peer gave us.</summary>
    public required Action<ApplyInnerAddresses> InnerAddresses { get; init; }

    /// <summary>Does one thing.</summary>
    public void Execute(IkeAction action)
    {
        switch (action)
        {
            case SendDatagram send:
                sockets.Send(send.Local, send.Remote, send.Octets);
                break;
            case SendKeepalive keepalive:
                sockets.SendKeepalive(keepalive.Local, keepalive.Remote);
                break;
            case InstallChild install:
                _ = InstallAsync(install);
                break;
            case InstallGroupSa install:
                _ = InstallAsync(install);
                break;
            case WorkAction asked:
                work.Add(asked);
                break;
            case ActivateOutbound activate:
                children.Activate(activate.OutboundSpi);
                break;
            case RemoveChild remove:
                children.Remove(remove.InboundSpi, remove.OutboundSpi, remove.LingerMilliseconds, remove.Reason);
                break;
            case ActivateGroupSa activate:
                groups.Activate(activate.Group, activate.Spi);
                break;
            case RemoveGroupSa remove:
                groups.Remove(remove.Group, remove.Spi, remove.Reason);
                break;
            case MoveChildren move:
                children.Move(move.Children, move.Local, move.Remote, move.UdpEncapsulation);
                break;
            case ReadTraffic read:
                Events().Raise(new TrafficRead(read.IkeSpi, children.Silent(read.InboundSpis)) { Child = read.Child });
                break;
            case SaveContext save:
                Save(save);
                break;
            case ForgetContext forget:
                contexts.Forget(forget.Id);
                break;
            case AnswerOperator answer:
                operators.Answer(answer);
                break;
            case WriteLog line:
                lines.Write(line, Environment.TickCount64);
                break;
            case ApplyInnerAddresses inner:
                InnerAddresses(inner);
                break;
            case ExportKeys keys:
                Export(keys);
                break;
            default:
                throw new InvalidOperationException($"nobody does {action.GetType().Name}");
        }
    }

    private async Task InstallAsync(InstallChild install)
    {
        string? problem;
        try
        {
            export?.Write(install);
            problem = await children.InstallAsync(install.Child, install.InboundKey, install.OutboundKey, install.ActivateOutbound);
        }
        catch (Exception exception)
        {
            log.LogError(exception, "child of tunnel {Tunnel} not installed", install.Child.Instance);
            problem = $"the slow path failed: {exception.Message}";
        }

        install.InboundKey.Dispose();
        install.OutboundKey.Dispose();
        Events().Raise(new ChildInstalled(install.Token, problem));
    }

    private async Task InstallAsync(InstallGroupSa install)
    {
        string? problem;
        try
        {
            export?.Write(install);
            problem = await groups.InstallAsync(install.Sa, install.Key);
        }
        catch (Exception exception)
        {
            log.LogError(exception, "SA of group {Group} not installed", install.Sa.Group);
            problem = $"the slow path failed: {exception.Message}";
        }

        install.Key.Dispose();
        Events().Raise(new GroupInstalled(install.Token, problem));
    }

    private void Save(SaveContext save)
    {
        if (!contexts.Save(save.Id, save.Context))
        {
            counters.Add(IkeCount.ContextsRefused);
            lines.Write(new WriteLog(IkeLogLevel.Warning, "contexts", "context-refused",
                $"no room in the region for an IKE SA's context of {save.Context.Length} octets: after a restart of the slow path it is set up anew; raise region: contexts"), Environment.TickCount64);
        }

        CryptographicOperations.ZeroMemory(save.Context);
    }

    private void Export(ExportKeys keys)
    {
        export?.Write(keys);
        foreach (var secret in (Crypto.Secret[])[keys.EncryptionInitiator, keys.EncryptionResponder, keys.IntegrityInitiator, keys.IntegrityResponder]) secret.Dispose();
    }
}
